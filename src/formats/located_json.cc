#include "formats/located_json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace cordwainer {
namespace {

constexpr std::size_t kDeepest = 32;

// Gives the characters of a text and notes in `*consumed` how many it has given: nlohmann's SAX
// interface does not say where a value stands.
class CountingIterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, std::size_t* consumed) : at_(at), consumed_(consumed) {}

    reference operator*() const { return *at_; }

    CountingIterator& operator++() {
        ++at_;
        ++*consumed_;
        return *this;
    }

    CountingIterator operator++(int) {
        CountingIterator before = *this;
        ++*this;
        return before;
    }

    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

  private:
    const char* at_;
    std::size_t* consumed_;
};

// Builds the tree of values. A handler that returns false ends the parsing; `error` says why.
class Builder : public nlohmann::json_sax<nlohmann::json> {
  public:
    Builder(const std::string& file, std::string_view text, const std::size_t& consumed)
        : file_(file), text_(text), consumed_(consumed) {}

    ConfigValue root;
    std::optional<Error> error;

    bool null() override {
        const std::size_t start = begin_literal();
        if (!open_.empty() && !open_.back().is_list) return true;
        return fail(start, "null has no meaning here");
    }

    bool boolean(bool value) override { return add(begin_literal(), value); }

    bool number_integer(number_integer_t value) override { return add(begin_literal(), value); }

    bool number_unsigned(number_unsigned_t value) override {
        const std::size_t start = begin_literal();
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            return fail(start, "this number is too large");
        }
        return add(start, static_cast<std::int64_t>(value));
    }

    bool number_float(number_float_t, const string_t&) override {
        return fail(begin_literal(), "this number must be an integer");
    }

    bool string(string_t& value) override {
        const std::size_t start = begin_string();
        return add(start, std::move(value));
    }

    bool binary(binary_t&) override { return false; }  // not in JSON text

    bool key(string_t& name) override {
        const std::size_t start = begin_string();
        Open& object = open_.back();
        if (!object.keys.insert(name).second) {
            return fail(start, "the key \"" + name + "\" comes twice");
        }
        object.key = name;
        object.key_location = place(start);
        return true;
    }

    bool start_object(std::size_t) override { return start_container(ConfigTable{}, false); }

    bool start_array(std::size_t) override { return start_container(ConfigList{}, true); }

    bool end_object() override { return end_container(); }

    bool end_array() override { return end_container(); }

    bool parse_error(std::size_t position,
                     const std::string&,
                     const nlohmann::detail::exception& exception) override {
        // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error …"
        std::string_view why = exception.what();
        if (const std::size_t column = why.find("column "); column != std::string_view::npos) {
            why.remove_prefix(std::min(why.find(": ", column) + 2, why.size()));
        }
        return fail(position == 0 ? 0 : position - 1, std::string(why));
    }

  private:
    // An object or array that is not closed yet.
    struct Open {
        ConfigValue value;
        bool is_list = false;
        std::set<std::string> keys;  // an object's, also those of null members
        std::string key;             // the last of them
        Location key_location;
    };

    bool fail(std::size_t offset, const std::string& why) {
        error = Error(Errc::invalid_input, locate(file_, text_, offset).text() + ": " + why);
        return false;
    }

    // The place of byte `offset`, which never lies before that of the call before: each line is
    // counted once.
    Location place(std::size_t offset) {
        for (std::size_t newline = text_.find('\n', line_start_); newline < offset;
             newline = text_.find('\n', line_start_)) {
            line_start_ = newline + 1;
            ++line_;
        }
        return {.file = file_, .line = line_, .column = offset - line_start_ + 1};
    }

    // Where the token that was just read begins: everything between tokens is skipped.
    std::size_t begin_token() {
        const std::size_t start = text_.find_first_not_of(" \t\r\n,:]}", position_);
        return std::min(start, text_.size());
    }

    std::size_t begin_literal() {
        const std::size_t start = begin_token();
        position_ = std::min(text_.find_first_of(" \t\r\n,:]}", start), text_.size());
        return start;
    }

    // The closing quote is the last character that the parser has taken.
    std::size_t begin_string() {
        const std::size_t start = begin_token();
        position_ = consumed_;
        return start;
    }

    template <class T>
    bool add(std::size_t start, T value) {
        ConfigValue entry;
        entry.value = std::move(value);
        entry.location = place(start);
        put(std::move(entry));
        return true;
    }

    void put(ConfigValue entry) {
        if (open_.empty()) {
            root = std::move(entry);
            return;
        }
        Open& parent = open_.back();
        if (auto* list = std::get_if<ConfigList>(&parent.value.value)) {
            list->push_back(std::move(entry));
        } else if (auto* table = std::get_if<ConfigTable>(&parent.value.value)) {
            entry.key_location = parent.key_location;
            table->emplace_back(parent.key, std::move(entry));
        }
    }

    template <class Container>
    bool start_container(Container empty, bool is_list) {
        const std::size_t start = begin_token();
        position_ = start + 1;
        if (open_.size() >= kDeepest) return fail(start, "values are nested too deep");
        Open opened;
        opened.value.value = std::move(empty);
        opened.value.location = place(start);
        opened.is_list = is_list;
        open_.push_back(std::move(opened));
        return true;
    }

    bool end_container() {
        ConfigValue done = std::move(open_.back().value);
        open_.pop_back();
        put(std::move(done));
        return true;
    }

    const std::string& file_;
    std::string_view text_;
    const std::size_t& consumed_;
    std::size_t position_ = 0;    // behind the token that was handled last
    std::size_t line_ = 1;        // the line that was reached last
    std::size_t line_start_ = 0;  // and where it begins
    std::vector<Open> open_;
};

}  // namespace

Result<ConfigValue> parse_located_json(const std::string& file, std::string_view text) {
    std::size_t consumed = 0;
    Builder builder(file, text, consumed);
    const CountingIterator first(text.data(), &consumed);
    const CountingIterator last(text.data() + text.size(), nullptr);
    const bool parsed = nlohmann::json::sax_parse(first, last, &builder);
    if (builder.error) return *std::move(builder.error);
    if (!parsed) return Error(Errc::invalid_input, file + ": this is no JSON document");
    return std::move(builder.root);
}

}  // namespace cordwainer
