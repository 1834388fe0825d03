// One partition's file system, whichever it is: its size, and making it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "apply/ports.h"
#include "core/error.h"
#include "image/layout.h"
#include "image/tree.h"

namespace cordwainer::image {

// The bytes that a partition sized by its content gets, its container included; for one that gets
// the rest of the disk, the least that it needs.
[[nodiscard]] std::uint64_t content_size(const Partition& partition, const Node& tree);

// Whether the tree fits into a partition of `bytes`. no_space: says by how much it does not, and
// what to set.
[[nodiscard]] Result<void> check_fits(const Partition& partition,
                                      const Node& tree,
                                      std::uint64_t bytes);

// Where a file system is made.
struct Place {
    std::filesystem::path directory;  // of the image file
    std::string file;                 // its plain name
    std::uint64_t offset = 0;         // bytes from its beginning
    std::uint64_t size = 0;           // bytes
    std::uint64_t first_lba = 0;      // of the partition on the disk
};

// Makes the partition's file system, without its container, at `place`, which reads as zeros.
// `scratch`: an empty directory for temporary files.
[[nodiscard]] Result<void> make_file_system(const Layout& layout,
                                            const Partition& partition,
                                            const Node& tree,
                                            const Place& place,
                                            const std::filesystem::path& scratch,
                                            Progress& progress);

}  // namespace cordwainer::image
