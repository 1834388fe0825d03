// What goes into each partition: the system's tree cut at its mounts, the contents directories, and
// what the installers added.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "image/layout.h"
#include "image/tree.h"

namespace cordwainer::image {

struct PartitionTrees {
    std::vector<Node> trees;  // of each partition; empty where it holds no files
    std::vector<std::string> warnings;
};

// Reads the system and the contents directories, which are not changed, and lays `staging` on them:
// a directory that stands for the system's root. `replaced`: absolute paths in the system of which
// only what `staging` has is kept (directories that cordwainer owns wholly). not_found, io,
// invalid_input: with the path.
[[nodiscard]] Result<PartitionTrees> partition_trees(const Layout& layout,
                                                     const std::filesystem::path& staging,
                                                     const std::vector<std::string>& replaced);

// The bytes of all files in a tree, without holes.
[[nodiscard]] std::uint64_t data_bytes(const Node& root);

}  // namespace cordwainer::image
