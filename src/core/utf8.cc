#include "core/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cordwainer {
namespace {

struct Sequence {
    std::size_t length = 0;  // bytes taken
    bool valid = false;
};

// The sequence at the start of a non-empty text: a whole character, or the longest part of one
// that an ill-formed sequence begins with (Unicode 15, section 3.9, table 3-7).
Sequence first_sequence(std::string_view text) {
    const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte_at(0);
    if (lead < 0x80) return {1, true};
    std::size_t length = 0;
    unsigned low = 0x80;
    unsigned high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        if (lead == 0xe0) low = 0xa0;
        if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        if (lead == 0xf0) low = 0x90;
        if (lead == 0xf4) high = 0x8f;
    } else {
        return {1, false};
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (i >= text.size() || byte_at(i) < low || byte_at(i) > high) return {i, false};
        low = 0x80;
        high = 0xbf;
    }
    return {length, true};
}

// How many characters of ASCII alone the text begins with, or a few less: nearly all texts are
// that, so they are looked at in words.
std::size_t ascii_length(std::string_view text) {
    std::size_t length = 0;
    std::uint64_t word = 0;
    for (; text.size() - length >= sizeof word; length += sizeof word) {
        std::memcpy(&word, text.data() + length, sizeof word);
        if ((word & 0x8080808080808080U) != 0) break;
    }
    return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (true) {
        text.remove_prefix(ascii_length(text));
        if (text.empty()) return true;
        const Sequence s = first_sequence(text);
        if (!s.valid) return false;
        text.remove_prefix(s.length);
    }
}

std::string to_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Sequence s = first_sequence(text);
        out += s.valid ? text.substr(0, s.length) : std::string_view("\xef\xbf\xbd");
        text.remove_prefix(s.length);
    }
    return out;
}

bool append_utf8(std::string& text, std::uint32_t c) {
    const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xc0 | c >> 6);
        put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        if (c >= 0xd800 && c <= 0xdfff) return false;
        put(0xe0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3f));
        put(0x80 | (c & 0x3f));
    } else if (c <= 0x10ffff) {
        put(0xf0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3f));
        put(0x80 | (c >> 6 & 0x3f));
        put(0x80 | (c & 0x3f));
    } else {
        return false;
    }
    return true;
}

}  // namespace cordwainer
