#include "formats/grub_quote.h"

#include <algorithm>

#include "core/utf8.h"

namespace cordwainer {
namespace {

// What means nothing to GRUB wherever it stands in a word.
bool is_plain(char c) {
    switch (c) {
        case '/':
        case '.':
        case ',':
        case ':':
        case '=':
        case '@':
        case '%':
        case '+':
        case '-':
        case '_':
            return true;
        default:
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
}

}  // namespace

Result<std::string> grub_quote(std::string_view text) {
    std::string word = "'";
    for (const char c : text) {
        switch (c) {
            case '\0':
                return Error(Errc::invalid_input, "GRUB cannot read a NUL byte in its menu");
            case '\r':
                return Error(Errc::invalid_input, "GRUB cannot read a carriage return in its menu");
            case '\'':
                word += R"('\'')";
                break;
            case '\n':
                word += "\n''";
                break;
            default:
                word += c;
        }
    }
    word += '\'';
    if (word.size() > kLongestGrubWord) {
        return Error(Errc::invalid_input,
                     "a word of " + std::to_string(word.size()) + " bytes is longer than the " +
                         std::to_string(kLongestGrubWord) + " that GRUB can read");
    }
    return word;
}

Result<std::string> grub_word(std::string_view text) {
    const bool plain =
        !text.empty() && text.size() <= kLongestGrubWord && std::ranges::all_of(text, is_plain);
    return plain ? Result<std::string>(std::string(text)) : grub_quote(text);
}

std::string grub_title(std::string_view text, std::size_t longest) {
    std::string title = to_utf8(text);
    for (char& c : title) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) c = ' ';
    }
    if (title.size() > longest) {
        std::size_t end = longest;
        while (end > 0 && (static_cast<unsigned char>(title[end]) & 0xc0U) == 0x80) --end;
        title.resize(end);
    }
    return title;
}

}  // namespace cordwainer
