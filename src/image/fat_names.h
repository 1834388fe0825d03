// Trees that a FAT file system cannot hold.
#pragma once

#include <string>
#include <vector>

#include "image/tree.h"

namespace cordwainer::image {

// Everything in the tree that FAT cannot hold, one sentence each with the path: forbidden names
// (formats/fat_names.h), names that differ in case only, links, devices, files of 4 GiB and more.
// Owners, modes and attributes are lost without a message: FAT has none.
[[nodiscard]] std::vector<std::string> check_fat_tree(const Node& root);

}  // namespace cordwainer::image
