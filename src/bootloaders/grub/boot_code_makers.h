// Boot sector and core image for one place on a disk: recipes, and the makers of them.
//
// Offsets of GRUB 2.06, boot/i386/pc/boot.S and diskboot.S.
#pragma once

#include <optional>

#include "bootloaders/grub/module_directory.h"
#include "core/error.h"
#include "core/sha256.h"
#include "model/bootloader.h"
#include "model/source.h"
#include "model/target.h"

namespace cordwainer::grub {

// boot.img as a hard disk's boot sector: its 512 bytes with the jump over the drive check taken out
// (0x66: eb 05 → 90 90), as grub-bios-setup does, and, where the core is replaced in alternating
// slots, with the mark of `core` (formats/grub_boot_sector.h). Partition table and pointer come
// when it is written. Fails with not_found where the package has no boot.img.
[[nodiscard]] Result<Recipe> boot_sector_recipe(const ModuleDirectory& bios,
                                                const std::optional<Digest>& core);

// A core image that is started at the first sector of `slot`: the block list at the end of its
// first sector (0x1f4: first LBA of the rest, 8 bytes; sectors, 2 bytes) names the sectors after
// it. Padded to whole sectors.
[[nodiscard]] Recipe placed_core_recipe(const Recipe& core, const SectorRange& slot);

// Fails with corrupt where boot.img does not look as expected.
[[nodiscard]] Maker boot_sector_maker();

// Fails with no_space where the core image is larger than its slot, saying by how much and what to
// do; with corrupt where it does not look as expected.
[[nodiscard]] Maker placed_core_maker();

}  // namespace cordwainer::grub
