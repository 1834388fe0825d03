// Where each partition lies on the image's disk.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/error.h"
#include "image/layout.h"
#include "model/target.h"

namespace cordwainer::image {

// A disk with a place for every partition.
struct Placement {
    std::uint64_t disk_size = 0;               // bytes
    std::vector<SectorRange> partitions = {};  // in the layout's order
};

// Places the partitions one after another, each at its alignment. `sizes`: the bytes that each
// partition with a size that depends on its content needs, in the layout's order (others are not
// looked at). no_space: the image's fixed size is too small; says by how much.
[[nodiscard]] Result<Placement> place(const Layout& layout,
                                      const std::vector<std::uint64_t>& sizes);

// Where BIOS boot code may lie: the BIOS boot partition of a GPT. Does not depend on any content
// (image/layout_check.h); nothing where there is none.
[[nodiscard]] std::optional<SectorRange> bios_boot_range(const Layout& layout);

// The gap of an MBR disk: from LBA 1 to the first partition.
[[nodiscard]] SectorRange mbr_gap(const Layout& layout);

}  // namespace cordwainer::image
