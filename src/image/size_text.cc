#include "image/size_text.h"

#include <array>
#include <charconv>
#include <utility>

namespace cordwainer::image {
namespace {

constexpr std::uint64_t kLimit = std::uint64_t{1} << 62U;

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// The number at the front of `text`, which is taken off.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return number;
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, unsigned>, 5> kUnits{
        {{"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}}};
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    for (const auto& [name, shift] : kUnits) {
        if (text == name && *number < (kLimit >> shift)) return *number << shift;
    }
    return std::nullopt;
}

std::optional<Size> parse_size(std::string_view text) {
    text = trimmed(text);
    if (text == "rest") return Size{.kind = Size::Kind::rest};
    if (!text.starts_with("content")) {
        const auto bytes = parse_bytes(text);
        if (!bytes) return std::nullopt;
        return Size{.kind = Size::Kind::fixed, .bytes = *bytes};
    }
    text = trimmed(text.substr(std::string_view("content").size()));
    Size size{.kind = Size::Kind::content};
    if (text.empty()) return size;
    if (!text.starts_with('+')) return std::nullopt;
    text = trimmed(text.substr(1));
    if (const auto bytes = parse_bytes(text)) {
        size.bytes = *bytes;
        return size;
    }
    const auto percent = take_number(text);
    constexpr std::uint64_t kMostPercent = 10000;
    if (!percent || text != "%" || *percent > kMostPercent) return std::nullopt;
    size.percent = static_cast<unsigned>(*percent);
    return size;
}

std::string mib_text(std::uint64_t bytes) {
    return std::to_string(bytes / kMiB + (bytes % kMiB != 0 ? 1 : 0)) + " MiB";
}

}  // namespace cordwainer::image
