// Filling a btrfs in a Linux guest: the way to make subvolumes, and files of any owner, without
// root. The guest gets two disks, the file system and a tar stream, and a small initrd made from
// this machine's own programs; it has no network, and is stopped when it takes too long.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "image/layout.h"

namespace cordwainer::image {

// A kernel that the guest can run, and its modules.
struct GuestKernel {
    std::filesystem::path kernel;
    std::filesystem::path modules;  // a directory such as /lib/modules/6.1.0; empty: none needed
};

// The kernel that `files` names, else the newest of the system's tree, else of this machine.
// not_found: there is none, or its modules are missing; says which key to set.
[[nodiscard]] Result<GuestKernel> find_guest_kernel(
    const GuestFiles& files, const std::optional<std::filesystem::path>& system);

// What the guest does.
struct GuestWork {
    std::filesystem::path disk;           // a file with an empty btrfs
    std::filesystem::path archive;        // a tar file with the whole content
    std::vector<std::string> subvolumes;  // made first, outer ones before inner ones
    std::filesystem::path scratch;        // an existing directory
};

// Runs the guest. tool_failed: with what the guest said last.
[[nodiscard]] Result<void> fill_in_guest(const GuestKernel& kernel, const GuestWork& work);

}  // namespace cordwainer::image
