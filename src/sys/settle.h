// Settling a file system: making what was written readable by a reader that replays no journal, as
// the boot loaders of firmware are.
#pragma once

#include <string>

#include "core/error.h"
#include "sys/descriptor.h"

namespace cordwainer {

// The type of the file system that `directory` is on, as mount(8) knows it: "vfat"; "unknown" where
// the kernel does not tell.
[[nodiscard]] std::string file_system_type(const Fd& directory);

// Whether this program can settle the file system that `directory` is on: unsupported, naming its
// kind, where it cannot. `name` is for messages.
[[nodiscard]] Result<void> check_can_settle(const Fd& directory, const std::string& name);

// Puts everything that was written to the file system of `directory` into its final blocks:
//
// - ext4: syncfs(2), then EXT4_IOC_CHECKPOINT, which empties the journal (Linux 5.14; needs root).
//   Without a journal syncfs is enough. Before Linux 5.14: frozen and thawed, which empties it too.
// - xfs: syncfs(2), then frozen and thawed (sys/freeze.h). syncfs alone leaves the new state in the
//   log, which those readers skip; no other call empties that.
// - btrfs: syncfs(2); its readers find the last commit by the superblock.
[[nodiscard]] Result<void> settle_file_system(const Fd& directory, const std::string& name);

}  // namespace cordwainer
