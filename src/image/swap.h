// Swap areas, made by mkswap.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/error.h"
#include "core/uuid.h"

namespace cordwainer::image {

// Makes a swap area of `size` bytes at byte `offset` of `image`, which reads as zeros there.
// `scratch`: an existing directory; mkswap knows no offset, so the header is made there.
[[nodiscard]] Result<void> make_swap(const std::filesystem::path& image,
                                     std::uint64_t offset,
                                     std::uint64_t size,
                                     const Uuid& uuid,
                                     const std::string& label,
                                     const std::filesystem::path& scratch);

}  // namespace cordwainer::image
