#include "core/bytes.h"

namespace cordwainer {
namespace {

template <class T>
std::optional<T> le_at(ByteView bytes, std::size_t offset) {
    const std::optional<ByteView> field = slice(bytes, offset, sizeof(T));
    if (!field) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) {
        value = value << 8 | std::to_integer<std::uint64_t>((*field)[i]);
    }
    return static_cast<T>(value);
}

}  // namespace

ByteView as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

std::string to_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<std::uint8_t> le8_at(ByteView bytes, std::size_t offset) {
    return le_at<std::uint8_t>(bytes, offset);
}

std::optional<std::uint16_t> le16_at(ByteView bytes, std::size_t offset) {
    return le_at<std::uint16_t>(bytes, offset);
}

std::optional<std::uint32_t> le32_at(ByteView bytes, std::size_t offset) {
    return le_at<std::uint32_t>(bytes, offset);
}

std::optional<std::uint64_t> le64_at(ByteView bytes, std::size_t offset) {
    return le_at<std::uint64_t>(bytes, offset);
}

bool put_le(std::span<std::byte> bytes, std::size_t offset, unsigned width, std::uint64_t value) {
    if (width > 8 || offset > bytes.size() || bytes.size() - offset < width) return false;
    for (unsigned i = 0; i < width; ++i) {
        bytes[offset + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
    }
    return true;
}

std::optional<ByteView> slice(ByteView bytes, std::size_t offset, std::size_t size) {
    if (offset > bytes.size() || bytes.size() - offset < size) return std::nullopt;
    return bytes.subspan(offset, size);
}

}  // namespace cordwainer
