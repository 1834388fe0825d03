#include "formats/grub_boot_sector.h"

#include <algorithm>
#include <string_view>

namespace cordwainer {
namespace {

constexpr std::size_t kKeyOffset = 0x30;
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNameOffset = 0x1b0;
constexpr std::string_view kName = "cordwain";  // as much as there is room for

bool is_empty(ByteView bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

bool put_core_mark(std::span<std::byte> sector, const Digest& core) {
    const auto key = slice(sector, kKeyOffset, kKeySize);
    const auto name = slice(sector, kNameOffset, kName.size());
    if (!key || !name || !is_empty(*key) || !is_empty(*name)) return false;
    std::ranges::copy(core.bytes, sector.subspan(kKeyOffset).begin());
    std::ranges::copy(as_bytes(kName), sector.subspan(kNameOffset).begin());
    return true;
}

std::optional<CoreMark> core_mark(ByteView sector) {
    const auto key = slice(sector, kKeyOffset, kKeySize);
    const auto name = slice(sector, kNameOffset, kName.size());
    const auto first_lba = le64_at(sector, kCorePointerOffset);
    if (!key || !name || !first_lba || !std::ranges::equal(*name, as_bytes(kName)))
        return std::nullopt;
    CoreMark mark{.core = {}, .first_lba = *first_lba};
    std::ranges::copy(*key, mark.core.bytes.begin());
    return mark;
}

}  // namespace cordwainer
