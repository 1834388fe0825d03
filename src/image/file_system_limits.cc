#include "image/file_system_limits.h"

#include <algorithm>

#include "core/utf8.h"

namespace cordwainer::image {
namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Units of UTF-16 that valid UTF-8 takes: a character of four bytes takes two.
std::size_t utf16_units(const std::string& text) {
    std::size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xc0U) != 0x80U) units += byte >= 0xf0U ? 2 : 1;
    }
    return units;
}

std::optional<std::string> wrong_fat_label(const std::string& label) {
    const auto allowed = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 && byte < 0x7f &&
               std::string("\"*+,./:;<=>?[\\]|").find(c) == std::string::npos &&
               (c < 'a' || c > 'z');
    };
    constexpr std::size_t kLongest = 11;
    if (label.size() <= kLongest && std::ranges::all_of(label, allowed) &&
        !label.starts_with(' ')) {
        return std::nullopt;
    }
    return "must be at most 11 characters for vfat: A to Z, digits, space and !#$%&'()-@^_`{}~";
}

}  // namespace

std::uint64_t smallest_size(FileSystem file_system) {
    switch (file_system) {
        case FileSystem::none:
            return 0;
        case FileSystem::vfat:
            return 256 * kKiB;
        case FileSystem::ext4:
            return 16 * kMiB;
        case FileSystem::btrfs:
            return 128 * kMiB;
        case FileSystem::swap:
            return 40 * kKiB;  // mkswap's least: ten pages
    }
    return 0;
}

std::uint64_t payload_offset(const Encryption& encryption) {
    return encryption.version == 1 ? 2 * kMiB : 16 * kMiB;
}

std::optional<std::string> wrong_label(FileSystem file_system, const std::string& label) {
    if (label.empty()) return "must not be empty; leave it out instead";
    if (!is_utf8(label) || std::ranges::any_of(label, is_control)) {
        return "must be UTF-8 without control characters";
    }
    if (file_system == FileSystem::vfat) return wrong_fat_label(label);
    // ext4: s_volume_name; swap: the header's 16 bytes with a NUL; btrfs: 256 bytes with a NUL.
    const std::size_t longest = file_system == FileSystem::ext4   ? 16
                                : file_system == FileSystem::swap ? 15
                                                                  : 255;
    if (label.size() <= longest) return std::nullopt;
    return "must be at most " + std::to_string(longest) + " bytes for " + name_of(file_system);
}

bool is_gpt_label(const std::string& label) {
    constexpr std::size_t kUnits = 36;
    return is_utf8(label) && utf16_units(label) <= kUnits &&
           std::ranges::none_of(label, is_control);
}

}  // namespace cordwainer::image
