#include "formats/linux_image.h"

#include <algorithm>
#include <string_view>

namespace cordwainer {
namespace {

constexpr std::size_t kHeaderBytes = 0x210;
constexpr std::size_t kLongestVersion = 128;

// The printable word at the start of `text`, if it ends within kLongestVersion bytes.
std::optional<std::string> first_word(std::string_view text) {
    const auto end = std::ranges::find_if(text, [](char c) { return c <= ' ' || c > '~'; });
    const std::size_t size = static_cast<std::size_t>(end - text.begin());
    if (size == 0 || size == text.size() || size > kLongestVersion) return std::nullopt;
    if (*end != ' ' && *end != '\0' && *end != '\n') return std::nullopt;
    return std::string(text.substr(0, size));
}

// Where a bzImage has its version text.
std::optional<std::uint64_t> x86_version_offset(ByteView head) {
    constexpr std::uint16_t kBootFlag = 0xaa55;
    constexpr std::uint32_t kHeaderMagic = 0x53726448;  // "HdrS"
    constexpr std::uint16_t kFirstProtocol = 0x0200;
    constexpr std::uint64_t kTextBase = 0x200;
    if (le16_at(head, 0x1fe) != kBootFlag || le32_at(head, 0x202) != kHeaderMagic) return {};
    if (le16_at(head, 0x206).value_or(0) < kFirstProtocol) return {};
    const std::uint16_t pointer = le16_at(head, 0x20e).value_or(0);
    if (pointer == 0) return {};
    return kTextBase + pointer;
}

bool is_uncompressed_image(ByteView head) {
    constexpr std::uint32_t kArm64 = 0x644d5241;  // "ARM\x64"
    constexpr std::uint32_t kRiscv = 0x05435352;  // "RSC\x05"
    const auto magic = le32_at(head, 56);
    return magic == kArm64 || magic == kRiscv;
}

// The version in a banner that lies wholly in `text`.
std::optional<std::string> banner_version(std::string_view text) {
    constexpr std::string_view kBanner = "Linux version ";
    for (std::size_t at = text.find(kBanner); at != std::string_view::npos;
         at = text.find(kBanner, at + 1)) {
        const std::string_view rest = text.substr(at + kBanner.size());
        // A format string, "Linux version %s", is no banner.
        if (rest.empty() || rest.front() < '0' || rest.front() > '9') continue;
        if (auto version = first_word(rest)) return version;
    }
    return std::nullopt;
}

Result<std::optional<std::string>> search_banner(const ReadImage& read) {
    constexpr std::uint64_t kLimit = 64U << 20U;
    constexpr std::size_t kPiece = 1U << 20U;
    constexpr std::size_t kOverlap = 2 * kLongestVersion;  // more than a banner's beginning
    std::string piece;
    for (std::uint64_t offset = 0; offset < kLimit; offset += kPiece) {
        const Bytes bytes = TRY(read(offset, kPiece));
        piece.erase(0, piece.size() - std::min(piece.size(), kOverlap));
        piece += to_text(bytes);
        if (auto version = banner_version(piece)) return version;
        if (bytes.size() < kPiece) break;
    }
    return std::nullopt;
}

}  // namespace

Result<std::optional<std::string>> kernel_version(const ReadImage& read) {
    const Bytes head = TRY(read(0, kHeaderBytes));
    if (const auto offset = x86_version_offset(head)) {
        const Bytes text = TRY(read(*offset, kLongestVersion + 1));
        return first_word(to_text(text));
    }
    if (is_uncompressed_image(head)) return search_banner(read);
    return std::nullopt;
}

}  // namespace cordwainer
