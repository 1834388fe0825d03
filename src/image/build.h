// Building a disk image: trees become file systems, partitions become the image, boot code comes
// last. The same plan that a live machine gets is applied by the caller's two functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "apply/ports.h"
#include "core/error.h"
#include "image/layout.h"

namespace cordwainer::image {

enum class Format { raw, qcow2 };

// What is installed into the image, in the order in which it is called.
struct ImageSteps {
    // Writes what the file targets get below `staging`, a directory that stands for the system's
    // root: "/boot/efi" is `staging`/boot/efi. Records, objects and inventories too. It becomes
    // part of the file systems, belonging to root, with modes 0755 and 0644. May be null.
    std::function<Result<void>(const std::filesystem::path& staging)> files = {};
    // Absolute paths in the system of which only what `files` wrote is kept: the directories that a
    // bootloader owns wholly (PlannedTarget::own), so that no old inventory survives.
    std::vector<std::string> replaced = {};
    // Writes what the disk target gets into the finished raw image. May be null.
    std::function<Result<void>(const std::filesystem::path& image)> disk = {};
};

struct BuildOptions {
    std::filesystem::path output;  // replaced when the image is complete, not before
    Format format = Format::raw;
    std::filesystem::path temporary = {};  // where temporary files go; empty: TMPDIR, or /tmp
};

struct BuildReport {
    std::uint64_t size = 0;                  // of the disk, bytes
    std::vector<std::string> warnings = {};  // one sentence each
};

// What of this layout does not give the same bytes twice, one sentence each: LUKS, btrfs.
[[nodiscard]] std::vector<std::string> not_reproducible(const Layout& layout);

// Builds the image. Needs no root and no loop device, and writes nothing but a directory
// ".cordwainer-image-…" beside the output, which becomes the output and goes, and one in
// `temporary`. On failure, and when SIGINT, SIGTERM or SIGHUP comes, neither is left and the output
// is untouched.
//
// no_space: the content does not fit, by how much, and what to set; or the disk is full. not_found:
// a tool is missing; or a path of the layout. invalid_input: something that a file system cannot
// hold. tool_failed: a tool, with its message.
[[nodiscard]] Result<BuildReport> build_image(const Layout& layout,
                                              const ImageSteps& steps,
                                              const BuildOptions& options,
                                              Progress& progress);

}  // namespace cordwainer::image
