#include "formats/fat_names.h"

#include <algorithm>
#include <string_view>

#include "core/utf8.h"

namespace cordwainer {
namespace {

constexpr std::size_t kLongestName = 255;  // UTF-16 units; no name of so many bytes has more

// DOS and Windows have devices of these names in every directory.
bool is_device(const std::string& name) {
    const std::string upper = fat_name_key(name);
    const std::string start = upper.substr(0, 3);
    if (upper.size() == 3)
        return start == "CON" || start == "PRN" || start == "AUX" || start == "NUL";
    return upper.size() == 4 && (start == "COM" || start == "LPT") && upper[3] >= '1' &&
           upper[3] <= '9';
}

}  // namespace

std::string fat_name_key(const std::string& name) {
    std::string result;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        const bool latin = i > 0 && name[i - 1] == '\xc3' && c >= '\xa0' && c <= '\xbe';
        if (c >= 'a' && c <= 'z') {
            result += static_cast<char>(c - 'a' + 'A');
        } else if (latin && c != '\xb7') {
            result += static_cast<char>(c - 0x20);
        } else {
            result += c;
        }
    }
    return result;
}

std::optional<std::string> wrong_fat_name(const std::string& name) {
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            return "FAT has no control characters in names";
        }
        if (std::string_view("\"*/:<>?\\|").find(c) != std::string_view::npos) {
            return std::string("FAT has no \"") + c + "\" in names";
        }
    }
    if (!is_utf8(name)) return "FAT has Unicode names, and this is no UTF-8";
    // Two units of UTF-16, of which mtools write one.
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0xf0; })) {
        return "FAT gets no names with characters beyond U+FFFF";
    }
    if (name.ends_with('.') || name.ends_with(' ')) {
        return "FAT drops dots and spaces at the end of a name";
    }
    if (is_device(name)) return "DOS and Windows have a device of this name";
    if (name.size() > kLongestName) return "FAT names have at most 255 characters";
    return std::nullopt;
}

}  // namespace cordwainer
