// A tree as real files, for mkfs.btrfs.
#pragma once

#include <filesystem>

#include "core/error.h"
#include "image/tree.h"

namespace cordwainer::image {

// Whether mkfs.btrfs can get the whole tree this way: it has no devices, of which mkfs.btrfs would
// lose the numbers, and this process can give files every owner in it.
[[nodiscard]] bool can_write_tree(const Node& root);

// Copies the tree to `directory`, which is empty: owners, modes, dates and attributes as in the
// tree. Files with several names become several files. can_write_tree must hold.
[[nodiscard]] Result<void> write_tree(const Node& root, const std::filesystem::path& directory);

}  // namespace cordwainer::image
