// A tree as real files, for programs that take a directory.
#pragma once

#include <filesystem>

#include "core/error.h"
#include "image/tree.h"

namespace cordwainer::image {

// Whether this process can give files every owner and kind in the tree.
[[nodiscard]] bool can_write_tree(const Node& root);

// Copies the tree to `directory`, which is empty: owners, modes, dates and attributes as in the
// tree. Files with several names become several files.
[[nodiscard]] Result<void> write_tree(const Node& root, const std::filesystem::path& directory);

}  // namespace cordwainer::image
