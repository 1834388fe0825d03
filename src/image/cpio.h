// An initial RAM disk: a cpio archive in the format "newc" (Linux, Documentation/driver-api/
// early-userspace/buffer-format.rst).
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "core/bytes.h"

namespace cordwainer::image {

// Collects files in memory; what a guest needs is a few MiB.
class Cpio {
  public:
    // Adds a file at the absolute path `path`, and the directories above it.
    void add_file(const std::string& path, std::uint32_t mode, ByteView content);

    // Adds a directory, and those above it.
    void add_directory(const std::string& path);

    // The archive with its trailer; the object must not be used afterwards.
    [[nodiscard]] Bytes finish();

  private:
    void add(const std::string& path, std::uint32_t mode, ByteView content);

    Bytes archive_;
    std::uint32_t inode_ = 0;
    std::set<std::string> directories_;
};

}  // namespace cordwainer::image
