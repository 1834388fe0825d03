// Copying files without their holes.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/error.h"

namespace cordwainer::image {

// Copies the first `size` bytes of `from` (or what it has of them) to byte `offset` of `to`, an
// existing file that reads as zeros there; holes stay holes.
[[nodiscard]] Result<void> copy_sparse(const std::filesystem::path& from,
                                       std::uint64_t size,
                                       const std::filesystem::path& to,
                                       std::uint64_t offset);

}  // namespace cordwainer::image
