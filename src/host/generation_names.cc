#include "host/generation_names.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <tuple>
#include <utility>

namespace cordwainer {
namespace {

// The digits in a name that is `prefix`, one or more decimal digits, `suffix`; nothing where it is
// not exactly that.
std::optional<std::string_view> number_digits(std::string_view name,
                                              std::string_view prefix,
                                              std::string_view suffix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    if (!name.ends_with(suffix)) return std::nullopt;
    name.remove_suffix(suffix.size());
    if (name.empty() || name.find_first_not_of("0123456789") != std::string_view::npos) {
        return std::nullopt;
    }
    return name;
}

}  // namespace

std::optional<std::uint64_t> generation_number(std::string_view digits) {
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    std::uint64_t number = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, failed] = std::from_chars(digits.data(), end, number);
    if (failed != std::errc() || stop != end) return std::nullopt;
    return number;
}

std::vector<NumberedEntry> numbered_entries(std::vector<DirectoryEntry> entries,
                                            std::string_view prefix,
                                            std::string_view suffix) {
    std::vector<NumberedEntry> numbered;
    numbered.reserve(entries.size());
    for (DirectoryEntry& entry : entries) {
        const auto digits = number_digits(entry.name, prefix, suffix);
        if (!digits) continue;
        const auto number = generation_number(*digits);
        numbered.push_back({std::move(entry), number});
    }
    // The sizes of numbers without leading zeros are in the order of the numbers.
    std::ranges::sort(numbered, [](const NumberedEntry& a, const NumberedEntry& b) {
        const auto key = [](const NumberedEntry& e) {
            return std::tuple(e.entry.name.size(), std::string_view(e.entry.name));
        };
        return key(a) < key(b);
    });
    return numbered;
}

}  // namespace cordwainer
