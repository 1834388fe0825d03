// AES in XTS mode as dm-crypt's aes-xts-plain64 has it (IEEE 1619; Linux, dm-crypt "plain64"): what
// fills a LUKS container without device mapper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bytes.h"
#include "core/error.h"

namespace cordwainer::image {

// Encrypts whole sectors in place. `key`: 32 or 64 bytes, both halves. `first_block`: the place of
// the first one inside the encrypted area, in units of 512 bytes whatever the sector size is, as
// dm-crypt counts. `data`: a multiple of `sector_size` bytes. unsupported: a key of another length.
[[nodiscard]] Result<void> encrypt_xts(std::span<std::byte> data,
                                       ByteView key,
                                       std::uint64_t first_block,
                                       std::size_t sector_size);

}  // namespace cordwainer::image
