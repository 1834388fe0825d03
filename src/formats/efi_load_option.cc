#include "formats/efi_load_option.h"

#include <algorithm>
#include <cstddef>

#include "core/utf8.h"
#include "core/uuid.h"

namespace cordwainer {
namespace {

constexpr std::uint32_t kActive = 1;         // LOAD_OPTION_ACTIVE
constexpr std::uint32_t kCategory = 0x1f00;  // LOAD_OPTION_CATEGORY; 0 is CATEGORY_BOOT
constexpr std::uint8_t kMedia = 4;  // type of a device path's node (UEFI 2.10, section 10.3.5)
constexpr std::uint8_t kHardDrive = 1;
constexpr std::uint8_t kFilePath = 4;
constexpr std::uint8_t kEnd = 0x7f;
constexpr std::size_t kNodeHeader = 4;
constexpr std::size_t kHardDriveSize = 42;
constexpr std::size_t kMbrSignature = 4;

void put(Bytes& bytes, unsigned width, std::uint64_t value) {
    for (unsigned i = 0; i < width; ++i) {
        bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
    }
}

void put_node(Bytes& bytes, std::uint8_t type, std::uint8_t kind, std::size_t content) {
    put(bytes, 1, type);
    put(bytes, 1, kind);
    put(bytes, 2, kNodeHeader + content);
}

// The code point at `text[at]`, which is well-formed; moves `at` behind it.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80) return lead;
    const unsigned more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    std::uint32_t code = lead & (0x3fU >> more);
    for (unsigned i = 0; i < more; ++i) {
        code = code << 6U | (static_cast<unsigned char>(text[at++]) & 0x3fU);
    }
    return code;
}

std::optional<EfiPartition> parse_hard_drive(ByteView node) {
    if (node.size() != kHardDriveSize) return std::nullopt;
    EfiPartition partition;
    partition.number = *le32_at(node, 4);
    partition.first_lba = *le64_at(node, 8);
    partition.sectors = *le64_at(node, 16);
    std::ranges::copy(node.subspan(24, 16), partition.signature.begin());
    const std::uint8_t kind = *le8_at(node, 41);
    if (kind == static_cast<std::uint8_t>(EfiPartition::Table::mbr)) {
        partition.table = EfiPartition::Table::mbr;
        return partition;
    }
    if (kind == static_cast<std::uint8_t>(EfiPartition::Table::gpt)) return partition;
    return std::nullopt;
}

std::string with_slashes(std::string text) {
    std::ranges::replace(text, '\\', '/');
    text.erase(0, std::min(text.find_first_not_of('/'), text.size()));
    return text;
}

// The program that the first path of a list leads to: a partition's node, then names in it.
Result<std::optional<EfiProgram>> parse_device_path(ByteView list) {
    std::optional<EfiPartition> partition;
    std::string path;
    while (true) {
        const auto type = le8_at(list, 0);
        const auto kind = le8_at(list, 1);
        const auto size = le16_at(list, 2);
        if (!size || *size < kNodeHeader || *size > list.size()) {
            return Error(Errc::invalid_input, "a device path is cut off");
        }
        const ByteView node = list.first(*size);
        list = list.subspan(*size);
        if (*type == kEnd) break;
        if (*type == kMedia && *kind == kHardDrive) {
            partition = parse_hard_drive(node);
        } else if (*type == kMedia && *kind == kFilePath) {
            const std::string more = with_slashes(from_utf16(node.subspan(kNodeHeader)));
            if (!path.empty() && !path.ends_with('/')) path += '/';
            path += more;
        }
    }
    if (!partition || path.empty()) return std::optional<EfiProgram>();
    return std::optional(EfiProgram{.partition = *partition, .path = path});
}

std::byte hex_byte(std::string_view digits, std::size_t at) {
    const auto value = [](char c) {
        return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    };
    return static_cast<std::byte>(value(digits[at]) << 4U | value(digits[at + 1]));
}

}  // namespace

Bytes to_utf16(std::string_view text) {
    const std::string clean = to_utf8(text);
    Bytes bytes;
    for (std::size_t at = 0; at < clean.size();) {
        const std::uint32_t code = next_code_point(clean, at);
        if (code < 0x10000) {
            put(bytes, 2, code);
        } else {
            put(bytes, 2, 0xd800 + ((code - 0x10000) >> 10U));
            put(bytes, 2, 0xdc00 + ((code - 0x10000) & 0x3ffU));
        }
    }
    return bytes;
}

std::string from_utf16(ByteView bytes) {
    std::string text;
    for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
        std::uint32_t code = *le16_at(bytes, at);
        if (code == 0) break;
        const std::uint32_t low = le16_at(bytes, at + 2).value_or(0);
        if (code >= 0xd800 && code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
            at += 2;
        }
        if (!append_utf8(text, code)) text += "\xef\xbf\xbd";
    }
    return text;
}

bool EfiPartition::is(const EfiPartition& other) const {
    if (table != other.table) return false;
    if (table == Table::gpt) return signature == other.signature;
    return number == other.number &&
           std::equal(
               signature.begin(), signature.begin() + kMbrSignature, other.signature.begin());
}

std::optional<EfiPartition> efi_partition(std::string_view partition_uuid) {
    std::string digits;
    for (const char c : partition_uuid) {
        if (c == '-') continue;
        const char low = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        if ((low < '0' || low > '9') && (low < 'a' || low > 'f')) return std::nullopt;
        digits += low;
    }
    EfiPartition partition;
    if (const auto uuid = Uuid::parse(partition_uuid);
        uuid && uuid->kind() == Uuid::Kind::dce && digits.size() == 32) {
        // The first three fields are little endian (UEFI 2.10, appendix A).
        constexpr std::array<std::size_t, 16> kOrder = {
            3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
        for (std::size_t i = 0; i < kOrder.size(); ++i) {
            partition.signature.at(i) = hex_byte(digits, 2 * kOrder.at(i));
        }
        return partition;
    }
    const bool of_mbr = partition_uuid.size() == 11 && partition_uuid[8] == '-';
    if (!of_mbr || digits.size() != 10) return std::nullopt;
    partition.table = EfiPartition::Table::mbr;
    for (std::size_t i = 0; i < kMbrSignature; ++i) {
        partition.signature.at(i) = hex_byte(digits, 2 * (kMbrSignature - 1 - i));
    }
    return partition;
}

bool same_efi_path(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

Result<LoadOption> parse_load_option(ByteView bytes) {
    constexpr std::size_t kTitle = 6;
    const auto attributes = le32_at(bytes, 0);
    const auto list_size = le16_at(bytes, 4);
    std::size_t end = kTitle;
    while (le16_at(bytes, end).value_or(0) != 0) end += 2;
    const auto list = list_size && le16_at(bytes, end) ? slice(bytes, end + 2, *list_size)
                                                       : std::optional<ByteView>();
    if (!list) return Error(Errc::invalid_input, "a boot entry is cut off");
    return LoadOption{.active = (*attributes & (kActive | kCategory)) == kActive,
                      .title = from_utf16(bytes.subspan(kTitle, end - kTitle)),
                      .program = TRY(parse_device_path(*list))};
}

Bytes render_load_option(const std::string& title, const EfiProgram& program) {
    std::string path = "\\" + program.path;
    std::ranges::replace(path, '/', '\\');
    Bytes name = to_utf16(path);
    put(name, 2, 0);
    const EfiPartition& partition = program.partition;

    Bytes list;
    put_node(list, kMedia, kHardDrive, kHardDriveSize - kNodeHeader);
    put(list, 4, partition.number);
    put(list, 8, partition.first_lba);
    put(list, 8, partition.sectors);
    list.insert(list.end(), partition.signature.begin(), partition.signature.end());
    put(list, 1, static_cast<std::uint8_t>(partition.table));
    put(list, 1, static_cast<std::uint8_t>(partition.table));
    put_node(list, kMedia, kFilePath, name.size());
    list.insert(list.end(), name.begin(), name.end());
    constexpr std::uint8_t kEndOfAll = 0xff;
    put_node(list, kEnd, kEndOfAll, 0);

    Bytes option;
    put(option, 4, kActive);
    put(option, 2, list.size());
    const Bytes text = to_utf16(title);
    option.insert(option.end(), text.begin(), text.end());
    put(option, 2, 0);
    option.insert(option.end(), list.begin(), list.end());
    return option;
}

}  // namespace cordwainer
