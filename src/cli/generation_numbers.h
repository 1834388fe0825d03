// The numbers of generations, to be shown.
#pragma once

#include <cstdint>
#include <vector>

#include "apply/installed.h"

namespace cordwainer::cli {

// In the order of `ids`.
[[nodiscard]] std::vector<std::uint64_t> numbers_of(const std::vector<GenerationId>& ids);

}  // namespace cordwainer::cli
