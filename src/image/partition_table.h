// Partition tables: GPT and MBR by sfdisk, the hybrid MBR by own code over the protective one.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "core/error.h"
#include "image/layout.h"
#include "image/placement.h"

namespace cordwainer::image {

// The sfdisk script of a layout. Every identifier is in it, so two runs give the same bytes.
[[nodiscard]] std::string sfdisk_script(const Layout& layout, const Placement& placement);

// Writes the four entries of a hybrid MBR into `sector`, a GPT's LBA 0: one of type 0xee from LBA 1
// to before the first hybrid partition (a GPT driver wants to see it), then the hybrid partitions
// in the order of their places.
void write_hybrid_mbr(const Layout& layout,
                      const Placement& placement,
                      std::span<std::byte, kSector> sector);

// Writes the layout's partition table into `image`, which has its full size.
[[nodiscard]] Result<void> write_partition_table(const Layout& layout,
                                                 const Placement& placement,
                                                 const std::filesystem::path& image);

}  // namespace cordwainer::image
