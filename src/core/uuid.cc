#include "core/uuid.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace cordwainer {
namespace {

bool is_decimal_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) {
    return is_decimal_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

template <class Container>
std::string hex(const Container& bytes, std::string_view digits) {
    std::string text;
    for (const std::byte b : bytes) {
        text += digits[std::to_integer<std::size_t>(b >> 4)];
        text += digits[std::to_integer<std::size_t>(b & std::byte{15})];
    }
    return text;
}

constexpr std::string_view kLower = "0123456789abcdef";
constexpr std::string_view kUpper = "0123456789ABCDEF";

// Whether `text` has the shape of `pattern`, in which x is a hexadecimal digit, 9 a decimal digit,
// and everything else stands for itself.
bool has_shape(std::string_view text, std::string_view pattern) {
    if (text.size() != pattern.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool fits = pattern[i] == 'x'   ? is_hex(text[i])
                          : pattern[i] == '9' ? is_decimal_digit(text[i])
                                              : text[i] == pattern[i];
        if (!fits) return false;
    }
    return true;
}

std::string with_dashes(std::string text, std::span<const std::size_t> positions) {
    for (const std::size_t p : positions) text.insert(p, "-");
    return text;
}

}  // namespace

std::string Uuid::without_dashes() const {
    std::string text = text_;
    std::erase(text, '-');
    return text;
}

std::optional<Uuid> Uuid::from_bytes(Kind kind, ByteView bytes) {
    static constexpr std::size_t kDceDashes[] = {8, 13, 18, 23};
    static constexpr std::size_t kFatDashes[] = {4};
    static constexpr std::size_t kIsoDashes[] = {4, 7, 10, 13, 16, 19};
    const Bytes reversed(bytes.rbegin(), bytes.rend());
    switch (kind) {
        case Kind::dce:
            if (bytes.size() != 16) return std::nullopt;
            return Uuid(kind, with_dashes(hex(bytes, kLower), kDceDashes));
        case Kind::fat:
            if (bytes.size() != 4) return std::nullopt;
            return Uuid(kind, with_dashes(hex(reversed, kUpper), kFatDashes));
        case Kind::ntfs:
            if (bytes.size() != 8) return std::nullopt;
            return Uuid(kind, hex(reversed, kUpper));
        case Kind::iso9660: {
            const std::string digits = to_text(bytes);
            if (digits.size() != 16 || !std::ranges::all_of(digits, is_decimal_digit))
                return std::nullopt;
            return Uuid(kind, with_dashes(digits, kIsoDashes));
        }
    }
    return std::nullopt;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    std::string canonical(text);
    if (has_shape(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) {
        std::ranges::transform(canonical, canonical.begin(), lower);
        return Uuid(Kind::dce, std::move(canonical));
    }
    std::ranges::transform(canonical, canonical.begin(), upper);
    if (has_shape(text, "xxxx-xxxx")) return Uuid(Kind::fat, std::move(canonical));
    if (has_shape(text, "xxxxxxxxxxxxxxxx")) return Uuid(Kind::ntfs, std::move(canonical));
    if (has_shape(text, "9999-99-99-99-99-99-99")) return Uuid(Kind::iso9660, std::move(canonical));
    return std::nullopt;
}

}  // namespace cordwainer
