#include "bootloaders/grub/command_line.h"

#include <algorithm>
#include <optional>

namespace cordwainer::grub {
namespace {

bool is_escaped_by_grub(char c) {
    return c == '\\' || c == '\'' || c == '"';
}

// Linux's isspace() (lib/ctype.c), which takes 0xa0 for Latin-1's no-break space.
bool is_split_by_linux(char c) {
    return std::string_view(" \t\n\v\f\r\xa0").contains(c);
}

// What GRUB makes of one word.
std::string delivered_word(std::string_view word) {
    const bool spaced = word.contains(' ');
    std::string text = spaced ? "\"" : "";
    for (const char c : word) {
        if (is_escaped_by_grub(c)) text += '\\';
        text += c;
    }
    if (spaced) text += '"';
    return text;
}

// Splits at the spaces that are outside double quotes; an unclosed quote reaches to the end.
std::vector<std::string_view> split_as_linux(std::string_view text) {
    std::vector<std::string_view> parts;
    bool in_quotes = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') in_quotes = !in_quotes;
        if (text[i] != ' ' || in_quotes) continue;
        parts.push_back(text.substr(begin, i - begin));
        begin = i + 1;
    }
    parts.push_back(text.substr(begin));
    return parts;
}

void split_at_spaces(std::string_view text, std::vector<std::string>& words) {
    std::size_t begin = 0;
    while (true) {
        const auto end = text.find(' ', begin);
        words.emplace_back(text.substr(begin, end - begin));
        if (end == std::string_view::npos) return;
        begin = end + 1;
    }
}

// `part` without its quotes, where it is "text" or name="text" with no other quote and no
// backslash in it: then Linux reads it as it reads "name=text".
std::optional<std::string> without_quotes(std::string_view part) {
    const auto open = part.find('"');
    if (open == std::string_view::npos || !part.ends_with('"') || open + 1 >= part.size()) {
        return std::nullopt;
    }
    const bool at_value = open > 1 && part[open - 1] == '=' && part.find('=') == open - 1;
    if (open != 0 && !at_value) return std::nullopt;
    const std::string_view before = part.substr(0, open);
    const std::string_view inside = part.substr(open + 1, part.size() - open - 2);
    if (std::ranges::any_of(before, is_escaped_by_grub) ||
        std::ranges::any_of(before, is_split_by_linux) ||
        std::ranges::any_of(inside, is_escaped_by_grub)) {
        return std::nullopt;
    }
    // Quotes alone are an argument without a name.
    if (part.size() == 2) return std::nullopt;
    // GRUB puts quotes back only for a space; what else Linux splits at needs them too.
    if (std::ranges::any_of(inside, is_split_by_linux) && !inside.contains(' ')) {
        return std::nullopt;
    }
    return std::string(before) + std::string(inside);
}

}  // namespace

LoaderWords loader_words(std::string_view command_line) {
    LoaderWords result;
    if (command_line.empty()) return result;
    const auto is_plain = [](char c) { return !is_escaped_by_grub(c) && c != '\r'; };
    if (std::ranges::all_of(command_line, is_plain)) {
        split_at_spaces(command_line, result.words);
        result.delivered = command_line;
        return result;
    }
    std::string wanted(command_line);
    std::ranges::replace(wanted, '\r', ' ');

    for (const std::string_view part : split_as_linux(wanted)) {
        if (auto word = without_quotes(part)) {
            result.words.push_back(std::move(*word));
            continue;
        }
        if (std::ranges::any_of(part, is_escaped_by_grub)) result.same_meaning = false;
        split_at_spaces(part, result.words);
    }
    for (const std::string& word : result.words) {
        if (&word != &result.words.front()) result.delivered += ' ';
        result.delivered += delivered_word(word);
    }
    return result;
}

std::string module_word(std::string_view stored) {
    if (std::ranges::count(stored, '\'') % 2 != 0) return std::string(stored);
    std::string word(stored);
    std::erase(word, '\'');
    return word;
}

}  // namespace cordwainer::grub
