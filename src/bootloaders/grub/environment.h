// GRUB's environment block, through which one boot of an entry is asked for: the only file that
// GRUB itself writes.
//
// What the menu does with it (write_once), and why a machine cannot be caught in that boot: the
// entry is taken only once the block on the disk does not name it any more. GRUB looks up which
// sectors the file has and writes over them (grub-core/commands/loadenv.c, save_env). Where it
// cannot (a driver without writing, a firmware that refuses, a file that is damaged) save_env says
// so and fails; a firmware that takes the write and drops it is found by reading the block again.
// Then the default boots, each time, until the block is put right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bootloaders/grub/menu.h"
#include "bootloaders/grub/script.h"
#include "model/volume.h"

namespace cordwainer::grub {

// Below the files target; not in a directory that belongs to one set of core images, so that what
// is asked for outlives an upgrade.
inline constexpr const char* kEnvironmentPath = "cordwainer/grubenv";

// Its variable for the entry of the next boot, as grub-reboot(8) names it too.
inline constexpr const char* kNextEntry = "next_entry";

// Why GRUB cannot write a file on the volume, as the end of a sentence about the volume; nothing
// where it can: on ext2, ext3, ext4, xfs and FAT of a plain partition or disk.
//
// The sectors must hold the file's bytes as they are, and alone: not so on btrfs and zfs, which
// have checksums and copies of them and copy on writing, nor behind RAID and logical volumes. GRUB
// refuses these (2.06: "sparse file not allowed", "diskfilter writes are not supported"). Of LUKS
// it opens some kinds for writing too (2.06: seen with LUKS2 and aes-xts), and not all that it
// reads; none is relied on.
[[nodiscard]] std::optional<std::string> why_not_written(const Volume& volume);

// What the variable holds for a generation: where its entry is in every menu of which it is not the
// newest. The menu knows its newest generation by that name too, so that the value stays right when
// there is a newer one.
[[nodiscard]] std::string next_entry_of(std::uint64_t generation);

// The generation that such a value is for; nothing for other values, as grub-reboot writes them.
[[nodiscard]] std::optional<std::uint64_t> generation_of_next_entry(std::string_view value);

// Whether the text of a menu has the generation's entry.
[[nodiscard]] bool has_entry(std::string_view menu, std::uint64_t generation);

// The lines that make the entry of the block the default, for this boot.
void write_once(Script& script, const Menu& menu);

}  // namespace cordwainer::grub
