#include "cli/config_toml.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>
#include <vector>

#include "cli/toml_library.h"

namespace cordwainer::cli {
namespace {

constexpr std::size_t kLargest = std::size_t{1} << 20U;
constexpr std::size_t kDeepest = 32;
// The library makes a table for every dot of a key and takes them down by recursion.
constexpr std::size_t kMostDots = 64;

std::string basic_string_of(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            result += fmt::format("\\u{:04X}", byte);
        } else {
            result += c;
        }
    }
    return result + '"';
}

// Turns what the library read into ConfigValues.
class Converter {
  public:
    Converter(std::string_view text, const std::string& file_name) : file_(file_name) {
        lines_.push_back(text);
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\n') lines_.push_back(text.substr(i + 1));
        }
    }

    // The library counts characters in a column, a Location bytes.
    [[nodiscard]] Location place(const toml::source_position& position) const {
        if (!position || position.line > lines_.size()) return {.file = file_};
        const std::string_view line = lines_[position.line - 1];
        std::size_t byte = 0;
        for (std::size_t left = position.column - 1; left > 0 && byte < line.size(); --left) {
            ++byte;
            while (byte < line.size() && (static_cast<unsigned char>(line[byte]) & 0xc0) == 0x80) {
                ++byte;
            }
        }
        return {.file = file_, .line = position.line, .column = byte + 1};
    }

    // `name`: of the key that has the value; for messages.
    ConfigValue convert(const toml::node& node,
                        std::string_view name,
                        const Location& key,
                        std::size_t depth) {
        ConfigValue value;
        value.key_location = key;
        value.location = place(node.source().begin);
        // A table that only dotted keys or headers of tables below it made stands where they do.
        if (value.location.line == 0) value.location = key;
        if (depth > kDeepest) {
            refuse(value.location, fmt::format("nested more than {} deep", kDeepest));
        } else if (const auto* table = node.as_table()) {
            value.value = convert_table(*table, depth);
        } else if (const auto* array = node.as_array()) {
            ConfigList list;
            for (const toml::node& element : *array) {
                list.push_back(convert(element, name, {.file = file_}, depth + 1));
            }
            value.value = std::move(list);
        } else {
            convert_scalar(node, name, value);
        }
        return value;
    }

    [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

  private:
    ConfigTable convert_table(const toml::table& table, std::size_t depth) {
        ConfigTable entries;
        for (const auto& [key, node] : table) {
            const Location key_place = place(key.source().begin);
            entries.emplace_back(std::string(key.str()),
                                 convert(node, key.str(), key_place, depth + 1));
        }
        // The library sorts by name.
        std::ranges::sort(entries, [](const auto& a, const auto& b) {
            const Location& x = a.second.key_location;
            const Location& y = b.second.key_location;
            return std::tie(x.line, x.column, a.first) < std::tie(y.line, y.column, b.first);
        });
        return entries;
    }

    void convert_scalar(const toml::node& node, std::string_view name, ConfigValue& value) {
        if (const auto* text = node.as_string()) {
            value.value = text->get();
        } else if (const auto* number = node.as_integer()) {
            value.value = number->get();
        } else if (const auto* boolean = node.as_boolean()) {
            value.value = boolean->get();
        } else if (node.is_floating_point()) {
            refuse(value.location,
                   fmt::format("{}: no key takes a number with a fraction or exponent; write a "
                               "whole number, or a string",
                               basic_string_of(name)));
        } else {
            refuse(value.location,
                   fmt::format("{}: no key takes a date or time; write a string",
                               basic_string_of(name)));
        }
    }

    void refuse(const Location& location, const std::string& why) {
        problems_.push_back(location.text() + ": " + why);
    }

    std::string file_;
    std::vector<std::string_view> lines_;  // each to the end of the text
    std::vector<std::string> problems_;
};

// The first place with more dots in a line than any key has, leaving runs of dots aside.
std::optional<std::size_t> too_many_dots(std::string_view text) {
    std::size_t dots = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') dots = 0;
        if (text[i] != '.' || (i + 1 < text.size() && text[i + 1] == '.')) continue;
        if (++dots > kMostDots) return i;
    }
    return std::nullopt;
}

std::string key_text(const std::string& key) {
    const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
    return bare ? key : basic_string_of(key);
}

std::string inline_text(const ConfigValue& value) {
    if (const auto* boolean = std::get_if<bool>(&value.value)) return *boolean ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value.value)) {
        return std::to_string(*number);
    }
    if (const auto* text = std::get_if<std::string>(&value.value)) return basic_string_of(*text);
    std::vector<std::string> parts;
    if (const auto* list = std::get_if<ConfigList>(&value.value)) {
        for (const ConfigValue& element : *list) parts.push_back(inline_text(element));
        return fmt::format("[{}]", fmt::join(parts, ", "));
    }
    for (const auto& [key, entry] : std::get<ConfigTable>(value.value)) {
        parts.push_back(key_text(key) + " = " + inline_text(entry));
    }
    return parts.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(parts, ", "));
}

}  // namespace

Result<ConfigValue> parse_toml(std::string_view text, const std::string& file_name) {
    if (text.size() > kLargest) {
        return Error(Errc::invalid_input, file_name + ": larger than 1 MiB");
    }
    if (const auto dot = too_many_dots(text)) {
        return Error(Errc::invalid_input,
                     fmt::format("{}: more than {} dots in one line",
                                 locate(file_name, text, *dot).text(),
                                 kMostDots));
    }
    Converter converter(text, file_name);
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        const toml::parse_error& error = parsed.error();
        return Error(
            Errc::invalid_input,
            fmt::format(
                "{}: {}", converter.place(error.source().begin).text(), error.description()));
    }
    const Location whole_file{.file = file_name};
    ConfigValue table = converter.convert(parsed.table(), "", whole_file, 0);
    table.location = whole_file;
    if (converter.problems().empty()) return table;
    return Error(Errc::invalid_input, fmt::format("{}", fmt::join(converter.problems(), "\n")));
}

std::string render_toml(const ConfigValue& table) {
    const auto* entries = std::get_if<ConfigTable>(&table.value);
    if (!entries) return "";
    const auto is_table = [](const auto& entry) {
        return std::holds_alternative<ConfigTable>(entry.second.value);
    };
    // The tables at the end get headers; one that other keys follow stands in a line.
    auto first_section = entries->end();
    while (first_section != entries->begin() && is_table(*(first_section - 1))) --first_section;
    std::string text;
    for (auto entry = entries->begin(); entry != first_section; ++entry) {
        text += key_text(entry->first) + " = " + inline_text(entry->second) + "\n";
    }
    for (auto section = first_section; section != entries->end(); ++section) {
        text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", key_text(section->first));
        for (const auto& [key, value] : std::get<ConfigTable>(section->second.value)) {
            text += key_text(key) + " = " + inline_text(value) + "\n";
        }
    }
    return text;
}

}  // namespace cordwainer::cli
