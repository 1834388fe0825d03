#include "host/probe_luks.h"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/bytes.h"
#include "model/json_reader.h"
#include "sys/descriptor.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

constexpr std::string_view kMagic("LUKS\xba\xbe", 6);
constexpr std::size_t kHeader = 592;  // LUKS1: with its eight key slots
constexpr std::uint64_t kJsonStart = 4096;
constexpr std::uint64_t kLongestHeader = std::uint64_t{4} << 20U;

std::uint64_t big_endian(ByteView bytes) {
    std::uint64_t value = 0;
    for (const std::byte byte : bytes) value = value << 8U | std::to_integer<std::uint64_t>(byte);
    return value;
}

// Text in a field of fixed size, up to the first NUL.
std::string text_in(ByteView field) {
    const std::string text = to_text(field);
    return text.substr(0, text.find('\0'));
}

Result<Uuid> uuid_in(ByteView header, const std::string& name) {
    const auto uuid = Uuid::parse(text_in(header.subspan(168, 40)));
    if (!uuid) return Error(Errc::corrupt, name + ": its LUKS header has no UUID");
    return *uuid;
}

Result<LuksContainer> parse_luks1(ByteView header, const std::string& name) {
    constexpr std::uint64_t kActive = 0x00ac71f3;
    constexpr std::size_t kSlots = 208;
    constexpr std::size_t kSlotSize = 48;
    LuksContainer luks{
        .version = 1,
        .uuid = TRY(uuid_in(header, name)),
        .key_derivations = {},
        .cipher = text_in(header.subspan(8, 32)) + "-" + text_in(header.subspan(40, 32)),
        .hash = text_in(header.subspan(72, 32)),
        .sector_size = 512};
    for (std::size_t at = kSlots; at < kHeader; at += kSlotSize) {
        if (big_endian(header.subspan(at, 4)) == kActive)
            luks.key_derivations.emplace_back("pbkdf2");
    }
    return luks;
}

struct KeySlot {
    int number = 0;
    std::string derivation;
    std::string hash;  // of its splitter and, for PBKDF2, of the derivation
};

// The key slots by number. One of another type (of a re-encryption) opens nothing.
Result<std::vector<KeySlot>> key_slots(const JsonPlace& root) {
    std::vector<KeySlot> slots;
    const JsonPlace all = TRY(root.at("keyslots"));
    const auto members = TRY(all.members());
    for (const auto& [number, slot] : members) {
        const std::string type = TRY(slot.string("type"));
        if (type != "luks2") continue;
        KeySlot found;
        std::from_chars(number.data(), number.data() + number.size(), found.number);
        const JsonPlace derivation = TRY(slot.at("kdf"));
        const JsonPlace splitter = TRY(slot.at("af"));
        found.derivation = TRY(derivation.string("type"));
        found.hash = TRY(splitter.string("hash"));
        slots.push_back(std::move(found));
    }
    std::ranges::sort(slots, {}, &KeySlot::number);
    return slots;
}

Result<LuksContainer> parse_luks2(ByteView header, std::string_view json, const std::string& name) {
    const std::string source = name + ": LUKS2 header";
    const nlohmann::json parsed = TRY(parse_json(json, source));
    const JsonPlace root(parsed, source);
    LuksContainer luks{.version = 2,
                       .uuid = TRY(uuid_in(header, name)),
                       .key_derivations = {},
                       .cipher = {},
                       .hash = {},
                       .sector_size = 512};
    const std::vector<KeySlot> slots = TRY(key_slots(root));
    for (const KeySlot& slot : slots) luks.key_derivations.push_back(slot.derivation);
    // A loader opens the slots of PBKDF2 before all others.
    const auto pbkdf2 = std::ranges::find(slots, "pbkdf2", &KeySlot::derivation);
    if (pbkdf2 != slots.end()) {
        luks.hash = pbkdf2->hash;
    } else if (!slots.empty()) {
        luks.hash = slots.front().hash;
    }
    const JsonPlace segments = TRY(root.at("segments"));
    const auto members = TRY(segments.members());
    if (members.empty()) return Error(Errc::corrupt, source + " has no segment");
    const JsonPlace& segment = members.front().second;
    luks.cipher = TRY(segment.string("encryption"));
    luks.sector_size = static_cast<unsigned>(TRY(segment.number("sector_size", 1U << 16U)));
    return luks;
}

}  // namespace

Result<LuksContainer> read_luks(const std::filesystem::path& node) {
    const std::string name = node.string();
    const Fd fd = TRY(open_file(node, O_RDONLY | O_NONBLOCK));
    const Bytes bytes = TRY(read_at(fd, 0, kHeader, name));
    const ByteView header(bytes);
    const std::uint64_t version = big_endian(header.subspan(kMagic.size(), 2));
    if (!std::ranges::equal(header.first(kMagic.size()), as_bytes(kMagic)) || version < 1 ||
        version > 2) {
        return Error(Errc::corrupt, name + " has no LUKS header at its beginning");
    }
    if (version == 1) return parse_luks1(header, name);
    const std::uint64_t size = big_endian(header.subspan(8, 8));
    if (size <= kJsonStart || size > kLongestHeader)
        return Error(Errc::corrupt, name + ": its LUKS2 header has no size that makes sense");
    const Bytes json = TRY(read_at(fd, kJsonStart, size - kJsonStart, name));
    return parse_luks2(header, text_in(json), name);
}

}  // namespace cordwainer
