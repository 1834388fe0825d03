// Whether this GRUB can read a volume, and if not, why, in words for the user.
#pragma once

#include <optional>
#include <string>

#include "bootloaders/grub/module_directory.h"
#include "model/volume.h"

namespace cordwainer::grub {

// Nothing where the GRUB in `directory` reads `volume`. Otherwise a clause
// that says what is in the way and what to do: "LUKS2 container …, all of whose key slots are
// argon2id, which GRUB 2.06 cannot open: add a key slot with PBKDF2 (…)". It fits behind "… lies
// in".
//
// The facts are those of GRUB's readers (fs/ext2.c, fs/xfs.c, fs/btrfs.c, fs/f2fs.c, disk/luks2.c,
// disk/cryptodisk.c, disk/lvm.c, disk/mdraid*.c) at 2.06, 2.12 and 2.14, and of Debian's patches.
[[nodiscard]] std::optional<std::string> why_unreadable(const Volume& volume,
                                                        const ModuleDirectory& directory);

// What the user should know of a volume that can be read: that only some key slots of a container
// open in GRUB. Nothing where there is nothing to say.
[[nodiscard]] std::optional<std::string> reading_hint(const Volume& volume,
                                                      const ModuleDirectory& directory);

}  // namespace cordwainer::grub
