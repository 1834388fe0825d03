// The room that applying takes at its peak, compared with what there is, before the first byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apply/ports.h"
#include "core/error.h"
#include "model/target.h"

namespace cordwainer {

// One file that will be written, in the order of writing.
struct PlannedWrite {
    std::uint64_t size = 0;   // bytes
    std::uint64_t freed = 0;  // bytes of the file that goes once this one is in its place
};

// The most bytes that the writes, one after the other, take beyond what is taken now.
[[nodiscard]] std::uint64_t peak_bytes(const std::vector<PlannedWrite>& writes,
                                       std::uint32_t block_size);

// no_space, saying how many MiB are missing, where the peak does not fit.
[[nodiscard]] Result<void> check_space(const TargetId& target,
                                       const std::vector<PlannedWrite>& writes,
                                       const FreeSpace& space);

}  // namespace cordwainer
