// Byte strings, and bounded reading and writing of little-endian fields in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cordwainer {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

// The bytes of a text, without a terminating NUL.
[[nodiscard]] ByteView as_bytes(std::string_view text);

// The text that these bytes are; no check of their encoding.
[[nodiscard]] std::string to_text(ByteView bytes);

// The unsigned little-endian integer at byte `offset`, or nothing where it does not lie wholly
// within `bytes`. Never reads outside.
[[nodiscard]] std::optional<std::uint8_t> le8_at(ByteView bytes, std::size_t offset);
[[nodiscard]] std::optional<std::uint16_t> le16_at(ByteView bytes, std::size_t offset);
[[nodiscard]] std::optional<std::uint32_t> le32_at(ByteView bytes, std::size_t offset);
[[nodiscard]] std::optional<std::uint64_t> le64_at(ByteView bytes, std::size_t offset);

// Writes `value` as `width` (1 to 8) little-endian bytes at `offset`; false, and nothing written,
// where it does not fit into `bytes`.
[[nodiscard]] bool put_le(std::span<std::byte> bytes,
                          std::size_t offset,
                          unsigned width,
                          std::uint64_t value);

// The part [offset, offset + size) of `bytes`, or nothing where it does not lie wholly within.
[[nodiscard]] std::optional<ByteView> slice(ByteView bytes, std::size_t offset, std::size_t size);

}  // namespace cordwainer
