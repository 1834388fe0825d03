#include "bootloaders/grub/version.h"

#include <charconv>
#include <optional>
#include <string>

namespace cordwainer::grub {
namespace {

// Takes a number from the front of `text`.
std::optional<int> take_number(std::string_view& text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

// The number after `mark`, which must stand in front or, with `anywhere`, somewhere in `text`.
int number_after(std::string_view text, std::string_view mark, bool anywhere) {
    const auto at = text.find(mark);
    if (at == std::string_view::npos || (at != 0 && !anywhere)) return 0;
    text.remove_prefix(at + mark.size());
    return take_number(text).value_or(0);
}

}  // namespace

std::string Version::text() const {
    return std::to_string(major) + (minor < 10 ? ".0" : ".") + std::to_string(minor);
}

Result<Version> parse_version(std::string_view text) {
    const Error unread(Errc::invalid_input,
                       "cannot read GRUB's version from \"" + std::string(text) + "\"");
    std::string_view rest = text;
    Version version;
    const auto major = take_number(rest);
    if (!major || !rest.starts_with('.')) return unread;
    rest.remove_prefix(1);
    const auto minor = take_number(rest);
    if (!minor) return unread;
    version.major = *major;
    version.minor = *minor;
    version.debian_revision = number_after(rest, "-", false);
    if (const auto update = rest.find("+deb"); update != std::string_view::npos) {
        version.debian_update = number_after(rest.substr(update), "u", true);
    }
    return version;
}

}  // namespace cordwainer::grub
