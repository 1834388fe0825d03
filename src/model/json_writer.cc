#include "model/json_writer.h"

#include <array>
#include <utility>

#include "core/utf8.h"

namespace cordwainer {
namespace {

// A string's content as JSON (RFC 8259, section 7): only what must be escaped is.
void append_escaped(std::string& out, std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\t':
                out += "\\t";
                break;
            default: {
                const auto byte = static_cast<unsigned char>(c);
                if (byte >= 0x20U) {
                    out += c;
                } else {
                    out += "\\u00";
                    out += kHex[byte >> 4U];
                    out += kHex[byte & 15U];
                }
            }
        }
    }
}

}  // namespace

void JsonWriter::new_line() {
    text_ += '\n';
    text_.append(levels_.size() * 2, ' ');
}

// What stands before a value or a key: a comma after an earlier one, and the line or space.
void JsonWriter::separate() {
    if (std::exchange(after_key_, false) || levels_.empty()) return;
    Level& level = levels_.back();
    if (!std::exchange(level.empty, false)) {
        text_ += ',';
        if (level.layout == Layout::one_line) text_ += ' ';
    }
    if (level.layout == Layout::lines) new_line();
}

void JsonWriter::begin(char bracket, Layout layout) {
    separate();
    text_ += bracket;
    const bool inside_line = !levels_.empty() && levels_.back().layout == Layout::one_line;
    levels_.push_back({inside_line ? Layout::one_line : layout, true});
}

void JsonWriter::end(char bracket) {
    const Level level = levels_.back();
    levels_.pop_back();
    if (level.layout == Layout::lines && !level.empty) new_line();
    text_ += bracket;
}

void JsonWriter::key(std::string_view name) {
    string(name);
    text_ += ": ";
    after_key_ = true;
}

void JsonWriter::string(std::string_view value) {
    separate();
    text_ += '"';
    if (is_utf8(value)) {
        append_escaped(text_, value);
    } else {
        append_escaped(text_, to_utf8(value));
    }
    text_ += '"';
}

void JsonWriter::number(std::uint64_t value) {
    separate();
    text_ += std::to_string(value);
}

void JsonWriter::boolean(bool value) {
    separate();
    text_ += value ? "true" : "false";
}

void JsonWriter::null() {
    separate();
    text_ += "null";
}

void JsonWriter::json(std::string_view value) {
    separate();
    if (value.ends_with('\n')) value.remove_suffix(1);
    // Strings have no line breaks, so every one is followed by indentation.
    for (const char c : value) {
        if (c == '\n') {
            new_line();
        } else {
            text_ += c;
        }
    }
}

void JsonWriter::member(std::string_view name, std::string_view value) {
    key(name);
    string(value);
}

void JsonWriter::member(std::string_view name, std::uint64_t value) {
    key(name);
    number(value);
}

std::string JsonWriter::finish() && {
    text_ += '\n';
    return std::move(text_);
}

}  // namespace cordwainer
