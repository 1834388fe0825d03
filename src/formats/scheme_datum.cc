#include "formats/scheme_datum.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/location.h"
#include "core/utf8.h"

namespace cordwainer {
namespace {

constexpr int kDeepest = 100;

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_delimiter(char c) {
    return is_space(c) || c == '(' || c == ')' || c == '"' || c == ';';
}

std::optional<std::int64_t> integer_of(std::string_view token) {
    if (token.starts_with('+') && !token.starts_with("+-")) token.remove_prefix(1);
    std::int64_t value = 0;
    const char* end = token.data() + token.size();
    const auto [stop, failed] = std::from_chars(token.data(), end, value);
    if (failed != std::errc() || stop != end) return std::nullopt;
    return value;
}

// Whether a token that is no small integer is one of the numbers that this reader does not know.
bool looks_like_number(std::string_view token) {
    if (token.starts_with('+') || token.starts_with('-') || token.starts_with('.')) {
        token.remove_prefix(1);
    }
    return !token.empty() && token[0] >= '0' && token[0] <= '9';
}

class Reader {
  public:
    Reader(const std::string& file, std::string_view text) : file_(file), text_(text) {}

    Result<Datum> read_first() {
        skip_blank();
        Datum datum;
        TRY_VOID(read(datum, 0));
        return datum;
    }

  private:
    [[nodiscard]] bool at_end() const { return position_ >= text_.size(); }

    [[nodiscard]] Error fail(std::size_t offset, const std::string& why) const {
        return {Errc::invalid_input, locate(file_, text_, offset).text() + ": " + why};
    }

    [[nodiscard]] bool next_is(std::string_view what) const {
        return text_.substr(position_).starts_with(what);
    }

    bool take(std::string_view what) {
        if (!next_is(what)) return false;
        position_ += what.size();
        return true;
    }

    void skip_blank() {
        while (!at_end()) {
            if (text_[position_] == ';') {
                position_ = std::min(text_.find('\n', position_), text_.size());
            } else if (is_space(text_[position_])) {
                ++position_;
            } else {
                return;
            }
        }
    }

    // Reads what stands here into the new `datum`: most of them become part of a list, where they
    // are made.
    Result<void> read(Datum& datum, int depth) {
        datum.offset = position_;
        if (at_end()) return fail(position_, "the datum is cut off here");
        if (depth > kDeepest) return fail(position_, "lists are nested too deep");
        return read_value(datum, depth);
    }

    Result<void> read_value(Datum& datum, int depth) {
        const std::size_t start = position_;
        switch (text_[position_]) {
            case '(':
                ++position_;
                return read_list(datum, SchemeList::Kind::proper, depth);
            case '"':
                ++position_;
                return read_string(datum.value.emplace<std::string>(), start, '"');
            case '|':
                ++position_;
                return read_string(datum.value.emplace<SchemeSymbol>().name, start, '|');
            case '\'':
                ++position_;
                return read_quoted(datum, "quote", depth);
            case '`':
                ++position_;
                return read_quoted(datum, "quasiquote", depth);
            case ',':
                ++position_;
                return read_quoted(datum, take("@") ? "unquote-splicing" : "unquote", depth);
            case ')':
                return fail(start, "\")\" closes nothing");
            case '#':
                return read_hash(datum, depth);
            default:
                return read_atom(datum);
        }
    }

    // What begins with "#".
    Result<void> read_hash(Datum& datum, int depth) {
        const std::size_t start = position_;
        if (take("#(")) return read_list(datum, SchemeList::Kind::vector, depth);
        if (take("#vu8(") || take("#u8(")) return read_bytes(datum);
        if (take("#{")) return read_extended_symbol(datum);
        if (next_is("#<")) return fail(start, "this object cannot be read");
        return read_atom(datum);
    }

    Result<void> read_list(Datum& datum, SchemeList::Kind kind, int depth) {
        SchemeList& list = datum.value.emplace<SchemeList>();
        list.kind = kind;
        list.items.reserve(2);  // (name value)
        while (true) {
            skip_blank();
            if (at_end()) return fail(datum.offset, "the list that begins here is not closed");
            if (take(")")) return {};
            if (at_dot()) {
                if (kind == SchemeList::Kind::vector || list.items.empty()) {
                    return fail(position_, "a dot does not belong here");
                }
                return read_tail(datum.offset, list, depth);
            }
            TRY_VOID(read(list.items.emplace_back(), depth + 1));
        }
    }

    // Whether a dot stands here by itself.
    [[nodiscard]] bool at_dot() const {
        return next_is(".") &&
               (position_ + 1 == text_.size() || is_delimiter(text_[position_ + 1]));
    }

    // What is behind the dot of `list`: "(a . (b c))" is "(a b c)".
    Result<void> read_tail(std::size_t start, SchemeList& list, int depth) {
        ++position_;
        skip_blank();
        Datum tail;
        TRY_VOID(read(tail, depth + 1));
        skip_blank();
        if (!take(")"))
            return fail(start, "the list that begins here is not closed behind its dot");
        auto* rest = std::get_if<SchemeList>(&tail.value);
        if (!rest || rest->kind == SchemeList::Kind::vector) {
            list.kind = SchemeList::Kind::improper;
            list.items.push_back(std::move(tail));
        } else {
            list.kind = rest->kind;
            std::ranges::move(rest->items, std::back_inserter(list.items));
        }
        return {};
    }

    Result<void> read_bytes(Datum& datum) {
        constexpr std::size_t kUsual = 16;  // of a UUID
        Bytes& bytes = datum.value.emplace<Bytes>();
        bytes.reserve(kUsual);
        while (true) {
            skip_blank();
            if (at_end()) {
                return fail(datum.offset, "the byte vector that begins here is not closed");
            }
            if (take(")")) return {};
            const std::size_t at = position_;
            const auto value = integer_of(read_token());
            if (!value || *value < 0 || *value > 255) {
                return fail(at, "a byte vector holds numbers from 0 to 255");
            }
            bytes.push_back(static_cast<std::byte>(*value));
        }
    }

    Result<void> read_quoted(Datum& datum, const char* name, int depth) {
        SchemeList& list = datum.value.emplace<SchemeList>();
        list.items.push_back({SchemeSymbol{name}, position_});
        skip_blank();
        return read(list.items.emplace_back(), depth + 1);
    }

    std::string_view read_token() {
        const std::size_t start = position_;
        while (!at_end() && !is_delimiter(text_[position_])) ++position_;
        return text_.substr(start, position_ - start);
    }

    Result<void> read_atom(Datum& datum) {
        const std::size_t start = position_;
        if (take("#\\")) {  // a character, even one that delimits: its first byte is taken as it is
            if (at_end()) return fail(start, "the character is cut off");
            ++position_;
            read_token();
            datum.value = OtherAtom{std::string(text_.substr(start, position_ - start))};
            return {};
        }
        const std::string_view token = read_token();
        if (token == "#t" || token == "#true") {
            datum.value = true;
        } else if (token == "#f" || token == "#false") {
            datum.value = false;
        } else if (const auto number = integer_of(token)) {
            datum.value = *number;
        } else if (token == ".") {
            return fail(start, "a dot does not belong here");
        } else if (token.starts_with("#") && !token.starts_with("#:") && token != "#nil") {
            return fail(start, "\"" + std::string(token) + "\" is no known notation");
        } else if (token.starts_with("#") || looks_like_number(token)) {
            datum.value = OtherAtom{std::string(token)};
        } else {
            datum.value = SchemeSymbol{std::string(token)};
        }
        return {};
    }

    // Adds the rest of a string, or of a symbol between bars, up to its closing `delimiter`.
    Result<void> read_string(std::string& result, std::size_t start, char delimiter) {
        while (!at_end()) {
            const auto is_plain = [&](char c) { return c != delimiter && c != '\\'; };
            const std::string_view rest = text_.substr(position_);
            const auto end = std::ranges::find_if_not(rest, is_plain);
            result.append(rest.begin(), end);
            position_ += static_cast<std::size_t>(end - rest.begin());
            if (take(std::string_view(&delimiter, 1))) return {};
            if (at_end()) break;
            ++position_;  // the backslash
            if (!at_end()) TRY_VOID(read_escape(result, delimiter));
        }
        return fail(start,
                    delimiter == '"' ? "the string that begins here is not closed"
                                     : "the symbol that begins here is not closed");
    }

    // What is behind a backslash. In a string \x has two digits and no semicolon (the `write` of
    // Guile up to and including 3.0 prints it so); between bars it is as in R7RS.
    Result<void> read_escape(std::string& result, char delimiter) {
        static constexpr std::string_view kNames = "0abtnvfr";
        static constexpr std::string_view kMeanings("\0\a\b\t\n\v\f\r", 8);
        const std::size_t start = position_ - 1;
        const char c = text_[position_++];
        if (c == '\n') return {};  // a line is continued
        if (c == 'x')
            return delimiter == '"' ? read_code(result, 2) : read_code_to_semicolon(result);
        if (c == 'u') return read_code(result, 4);
        if (c == 'U') return read_code(result, 6);
        if (c == delimiter || c == '\\' || c == '|' || c == '(' || c == '"') {
            result += c;
        } else if (const auto name = kNames.find(c); name != std::string_view::npos) {
            result += kMeanings[name];
        } else {
            return fail(start, "this escape is not known");
        }
        return {};
    }

    Result<void> read_code(std::string& result, std::size_t digits) {
        const std::size_t start = position_ - 2;
        const std::string_view code = text_.substr(position_, digits);
        position_ += code.size();
        if (code.size() != digits) return fail(start, "this escape is cut off");
        return append_code(result, code, start);
    }

    Result<void> read_code_to_semicolon(std::string& result) {
        const std::size_t start = position_ - 2;
        const std::size_t end = text_.find(';', position_);
        if (end == std::string_view::npos) return fail(start, "this escape is cut off");
        const std::string_view code = text_.substr(position_, end - position_);
        position_ = end + 1;
        return append_code(result, code, start);
    }

    Result<void> append_code(std::string& result, std::string_view code, std::size_t start) {
        std::uint32_t value = 0;
        const char* end = code.data() + code.size();
        const auto [stop, failed] = std::from_chars(code.data(), end, value, 16);
        if (failed != std::errc() || stop != end || !append_utf8(result, value)) {
            return fail(start, "this escape names no character");
        }
        return {};
    }

    // #{a b}#: everything stands for itself but \xHH; and a backslash, which is dropped.
    Result<void> read_extended_symbol(Datum& datum) {
        std::string& name = datum.value.emplace<SchemeSymbol>().name;
        while (!at_end()) {
            if (take("}#")) return {};
            if (take("\\x")) {
                TRY_VOID(read_code_to_semicolon(name));
                continue;
            }
            take("\\");
            if (!at_end()) name += text_[position_++];
        }
        return fail(datum.offset, "the symbol that begins here is not closed");
    }

    const std::string& file_;
    std::string_view text_;
    std::size_t position_ = 0;
};

std::string hex(unsigned value) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    return {kDigits[value >> 4U & 15U], kDigits[value & 15U]};
}

bool is_control(char c) {
    return (c >= 0 && c < ' ') || c == '\x7f';
}

void render_string(std::string& out, std::string_view text) {
    static constexpr std::string_view kNamed = "\a\b\t\n\v\f\r";
    static constexpr std::string_view kNames = "abtnvfr";
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (const auto name = kNamed.find(c); name != std::string_view::npos) {
            out += {'\\', kNames[name]};
        } else if (is_control(c)) {
            out += "\\x" + hex(static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    out += '"';
}

// Whether a symbol of this name can stand without quotes.
bool is_plain(std::string_view name) {
    if (name.empty() || name == "." || integer_of(name) || looks_like_number(name)) return false;
    if (name.find_first_of("#'`,|{}\\") != std::string_view::npos) return false;
    return std::ranges::none_of(name, [](char c) { return is_delimiter(c) || is_control(c); });
}

void render_symbol(std::string& out, std::string_view name) {
    if (is_plain(name)) {
        out += name;
        return;
    }
    out += "#{";
    for (const char c : name) {
        if (is_control(c) || c == '\\' || c == '}') {
            out += "\\x" + hex(static_cast<unsigned char>(c)) + ";";
        } else {
            out += c;
        }
    }
    out += "}#";
}

void render(std::string& out, const Datum& datum);

void render_list(std::string& out, const SchemeList& list) {
    out += list.kind == SchemeList::Kind::vector ? "#(" : "(";
    for (std::size_t i = 0; i < list.items.size(); ++i) {
        if (i > 0) out += ' ';
        if (list.kind == SchemeList::Kind::improper && i + 1 == list.items.size()) out += ". ";
        render(out, list.items[i]);
    }
    out += ')';
}

void render(std::string& out, const Datum& datum) {
    struct Visitor {
        std::string& out;

        void operator()(bool truth) const { out += truth ? "#t" : "#f"; }

        void operator()(std::int64_t number) const { out += std::to_string(number); }

        void operator()(const std::string& text) const { render_string(out, text); }

        void operator()(const SchemeSymbol& symbol) const { render_symbol(out, symbol.name); }

        void operator()(const SchemeList& list) const { render_list(out, list); }

        void operator()(const OtherAtom& atom) const { out += atom.text; }

        void operator()(const Bytes& bytes) const {
            out += "#vu8(";
            for (std::size_t i = 0; i < bytes.size(); ++i) {
                if (i > 0) out += ' ';
                out += std::to_string(std::to_integer<unsigned>(bytes[i]));
            }
            out += ')';
        }
    };

    std::visit(Visitor{out}, datum.value);
}

}  // namespace

bool SchemeList::operator==(const SchemeList&) const = default;

bool Datum::is_symbol(std::string_view name) const {
    const auto* symbol = std::get_if<SchemeSymbol>(&value);
    return symbol && symbol->name == name;
}

const std::vector<Datum>* Datum::list() const {
    const auto* list = std::get_if<SchemeList>(&value);
    return list && list->kind == SchemeList::Kind::proper ? &list->items : nullptr;
}

Result<Datum> parse_datum(const std::string& file, std::string_view text) {
    return Reader(file, text).read_first();
}

std::string render_datum(const Datum& datum) {
    std::string text;
    render(text, datum);
    return text;
}

}  // namespace cordwainer
