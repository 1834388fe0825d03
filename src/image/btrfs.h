// btrfs file systems. Without subvolumes mkfs.btrfs fills them from a copy of the tree; subvolumes,
// devices, and owners that only root could give the copy, are made by a Linux guest in QEMU.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apply/ports.h"
#include "core/error.h"
#include "core/uuid.h"
#include "image/layout.h"
#include "image/tree.h"

namespace cordwainer::image {

// The least bytes, a multiple of 1 MiB, in which the tree surely fits, and whether it may fit in
// `bytes` at all: btrfs allocates in large chunks, so the two differ.
[[nodiscard]] std::uint64_t btrfs_size_for(const Node& root);
[[nodiscard]] bool btrfs_fits(const Node& root, std::uint64_t bytes);

// A btrfs to make.
struct Btrfs {
    std::filesystem::path image;  // the image file; it exists and reads as zeros there
    std::uint64_t offset = 0;     // bytes from its beginning
    std::uint64_t size = 0;       // bytes
    Uuid uuid;
    std::string label = {};                  // "" for none
    std::vector<Subvolume> subvolumes = {};  // directories of the tree that become subvolumes
    GuestFiles guest = {};
    std::optional<std::filesystem::path> system = {};  // its tree, to look for a guest kernel in
    std::filesystem::path scratch = {};                // an empty directory
};

// Makes the file system with this content. Advances `progress` by the bytes of the files. Errors:
// mkfs.btrfs's and the guest's (image/btrfs_guest.h).
[[nodiscard]] Result<void> make_btrfs(const Btrfs& spec, const Node& root, Progress& progress);

}  // namespace cordwainer::image
