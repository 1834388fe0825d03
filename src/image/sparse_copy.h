// Files with holes: making them, and copying without them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <sys/types.h>

#include "core/error.h"

namespace cordwainer::image {

// Copies the first `size` bytes of `from` (or what it has of them) to byte `offset` of `to`, an
// existing file that reads as zeros there; holes stay holes.
[[nodiscard]] Result<void> copy_sparse(const std::filesystem::path& from,
                                       std::uint64_t size,
                                       const std::filesystem::path& to,
                                       std::uint64_t offset);

// Makes `path` a file of this many zeros that takes no room. io where it is there already.
[[nodiscard]] Result<void> make_sparse(const std::filesystem::path& path,
                                       std::uint64_t size,
                                       mode_t mode = 0600);

}  // namespace cordwainer::image
