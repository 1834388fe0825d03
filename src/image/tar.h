// A tree as a tar file (POSIX.1-2017, pax interchange format): how content reaches the guest that
// fills a btrfs.
#pragma once

#include <filesystem>

#include "core/error.h"
#include "image/tree.h"

namespace cordwainer::image {

// Writes the tree, the root directory first, as "./PATH", with owners, modes, dates, links, devices
// and attributes (as GNU tar's SCHILY.xattr records). A file that changed its size since the tree
// was read is an io error.
[[nodiscard]] Result<void> write_tar(const Node& root, const std::filesystem::path& file);

}  // namespace cordwainer::image
