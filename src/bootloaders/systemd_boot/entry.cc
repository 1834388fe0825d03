#include "bootloaders/systemd_boot/entry.h"

#include <algorithm>
#include <charconv>

#include "core/sha256.h"
#include "core/utc_time.h"
#include "core/utf8.h"

namespace cordwainer::systemd_boot {
namespace {

// Short for people, and long enough that no two entries of a system ever share it.
constexpr std::size_t kNameDigits = 16;

constexpr std::string_view kNameBegin = "cordwainer-";

// What the file's lines and systemd-boot's conversion to UCS-2 leave as it is
// (src/boot/efi/util.c, line_get_key_value; src/boot/efi/efi-string.c, xstrn8_to_16).
Result<void> check_command_line(const std::string& text) {
    const auto cannot = [](const char* what) {
        return Error(Errc::unsupported,
                     std::string("its command line has ") + what +
                         ", which systemd-boot cannot pass to a kernel");
    };
    if (text.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos) {
        return cannot("a line break or a NUL byte");
    }
    if (!is_utf8(text)) return cannot("bytes that are no UTF-8");
    const bool four_bytes =
        std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0xf0; });
    if (four_bytes) return cannot("a character beyond U+FFFF");
    return {};
}

std::string without_outer_blanks(const std::string& text) {
    constexpr const char* kBlanks = " \t";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// A line that systemd-boot reads as exactly this value. It drops blanks around a value, which mean
// nothing to Linux, and one pair of quotation marks around the whole of it: a second pair keeps the
// first.
std::string line(const std::string& key, const std::string& text) {
    std::string value = without_outer_blanks(text);
    if (value.empty()) return "";
    if (value.starts_with('"') && value.ends_with('"')) value = '"' + value + '"';
    return key + " " + value + "\n";
}

// On one line, whatever it holds.
std::string label_text(const std::string& label) {
    constexpr std::size_t kLongest = 400;  // more does not fit on a screen
    std::string text = to_utf8(label);
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    if (text.size() > kLongest) {
        std::size_t end = kLongest;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
        text.resize(end);
    }
    return text;
}

std::string title_of(const Generation& generation) {
    const std::string created = utc_text(generation.created);  // "2026-11-22T10:00:00Z"
    return label_text(generation.parameters.label) + " (#" + std::to_string(generation.number) +
           ", " + created.substr(0, 10) + " " + created.substr(11, 5) + ")";
}

}  // namespace

Result<Entry> make_entry(const Generation& generation, const EntryFiles& files) {
    TRY_VOID(check_command_line(generation.parameters.command_line));
    const std::string number = std::to_string(generation.number);
    // By sort-key and then version, newest first; loaders before systemd 250 sort by the name.
    std::string text = line("title", title_of(generation)) + line("version", number) +
                       line("sort-key", "cordwainer") +
                       line("options", generation.parameters.command_line);
    for (const std::string& initrd : files.initrds) text += line("initrd", initrd);
    if (files.device_tree) text += line("devicetree", *files.device_tree);
    // Last: what is cut before it is no entry.
    text += line("linux", files.kernel);
    // systemd-boot's names of entries are in lower case.
    std::string name = std::string(kNameBegin) + number + "-" +
                       sha256(text).hex().substr(0, kNameDigits) + ".conf";
    return Entry{.name = std::move(name), .text = std::move(text)};
}

std::optional<std::uint64_t> generation_of_entry(std::string_view name) {
    if (!name.starts_with(kNameBegin)) return std::nullopt;
    name.remove_prefix(kNameBegin.size());
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool whole = failed == std::errc{} && end != name.data() + name.size() && *end == '-';
    return whole ? std::optional(number) : std::nullopt;
}

std::size_t command_line_size(const Generation& generation, const EntryFiles& files) {
    std::size_t size = generation.parameters.command_line.size();
    for (const std::string& initrd : files.initrds) {
        size += std::string_view(" initrd=").size() + initrd.size();
    }
    return size;
}

}  // namespace cordwainer::systemd_boot
