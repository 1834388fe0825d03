#include "image/partition_types.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace cordwainer::image {
namespace {

struct KnownType {
    const char* name;
    const char* guid;
    std::uint8_t mbr;  // 0: there is none
};

constexpr std::array kTypes{
    KnownType{"bios-boot", "21686148-6449-6e6f-744e-656564454649", 0},
    KnownType{"esp", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", 0xef},
    KnownType{"xbootldr", "bc13c2ff-59e6-4262-a352-b275fd6f7172", 0xea},
    KnownType{"linux", "0fc63daf-8483-4772-8e79-3d69d8477de4", 0x83},
    KnownType{"linux-root-x86-64", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", 0x83},
    KnownType{"linux-root-x86", "44479540-f297-41b2-9af7-d131d5f0458a", 0x83},
    KnownType{"linux-root-arm64", "b921b045-1df0-41c3-af44-4c6f280d3fae", 0x83},
    KnownType{"linux-root-arm", "69dad710-2ce4-4e3c-b16c-21a1d49abed3", 0x83},
    KnownType{"linux-root-riscv64", "72ec70a6-cf74-40e6-bd49-4bda08e8f224", 0x83},
    KnownType{"linux-home", "933ac7e1-2eb4-4f13-b844-0e14e2aef915", 0x83},
    KnownType{"linux-luks", "ca7d7ccb-63ed-4c53-861c-1742536059cc", 0xe8},
    KnownType{"swap", "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", 0x82},
    KnownType{"basic-data", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", 0x0c},
};

}  // namespace

std::optional<PartitionType> find_partition_type(std::string_view text) {
    for (const KnownType& type : kTypes) {
        if (text != type.name) continue;
        PartitionType found{.name = type.name, .guid = Uuid::parse(type.guid), .mbr = {}};
        if (type.mbr != 0) found.mbr = type.mbr;
        return found;
    }
    if (const auto mbr = parse_mbr_type(text)) {
        return PartitionType{.name = "", .guid = {}, .mbr = mbr};
    }
    const auto guid = Uuid::parse(text);
    if (guid && guid->kind() == Uuid::Kind::dce) {
        return PartitionType{.name = "", .guid = guid, .mbr = {}};
    }
    return std::nullopt;
}

const std::vector<std::string>& partition_type_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const KnownType& type : kTypes) all.emplace_back(type.name);
        return all;
    }();
    return names;
}

std::optional<std::uint8_t> parse_mbr_type(std::string_view text) {
    if (!text.starts_with("0x") || text.size() != 4) return std::nullopt;
    std::uint8_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 2, end, value, 16);
    if (error != std::errc{} || stop != end) return std::nullopt;
    // None, extended partitions, and the protection of a GPT hold no file system.
    constexpr std::array<std::uint8_t, 5> kOthers{0x00, 0x05, 0x0f, 0x85, 0xee};
    if (std::ranges::find(kOthers, value) != kOthers.end()) return std::nullopt;
    return value;
}

}  // namespace cordwainer::image
