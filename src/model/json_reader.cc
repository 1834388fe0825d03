#include "model/json_reader.h"

#include <algorithm>
#include <utility>

#include "core/location.h"
#include "core/utf8.h"

namespace cordwainer {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostLevels = 64;

// Builds the value that nlohmann's own handler would build, but refuses duplicate keys (theirs
// keeps the last one) and bottomless nesting.
class Builder : public nlohmann::json_sax<Json> {
  public:
    explicit Builder(Json& root) : root_(root) {}

    bool null() override { return add(nullptr); }

    bool boolean(bool value) override { return add(value); }

    bool number_integer(number_integer_t value) override { return add(value); }

    bool number_unsigned(number_unsigned_t value) override { return add(value); }

    bool number_float(number_float_t value, const string_t&) override { return add(value); }

    bool string(string_t& value) override { return add(std::move(value)); }

    bool binary(binary_t&) override { return fail("binary data"); }

    bool start_object(std::size_t) override { return open(Json::object()); }

    bool key(string_t& name) override {
        if (levels_.back()->contains(name)) return fail("the key \"" + name + "\" stands twice");
        key_ = std::move(name);
        return true;
    }

    bool end_object() override { return close(); }

    bool start_array(std::size_t) override { return open(Json::array()); }

    bool end_array() override { return close(); }

    bool parse_error(std::size_t position,
                     const std::string& token,
                     const nlohmann::detail::exception&) override {
        // `position` counts the bytes that were read, to the end of the token.
        offset_ = position - std::min(position, token.size());
        constexpr std::size_t kShown = 40;
        const std::string shown = token.substr(0, kShown);
        return fail(shown.empty() ? "not JSON" : "not JSON at " + to_utf8(shown));
    }

    [[nodiscard]] const std::string& what() const { return what_; }

    [[nodiscard]] const std::optional<std::size_t>& offset() const { return offset_; }

  private:
    bool fail(std::string what) {
        what_ = std::move(what);
        return false;
    }

    template <class T>
    bool add(T&& value) {
        put(Json(std::forward<T>(value)));
        return true;
    }

    Json* put(Json value) {
        if (levels_.empty()) {
            root_ = std::move(value);
            return &root_;
        }
        Json& parent = *levels_.back();
        if (parent.is_array()) {
            parent.push_back(std::move(value));
            return &parent.back();
        }
        return &(parent[key_] = std::move(value));
    }

    bool open(Json value) {
        if (levels_.size() == kMostLevels) return fail("more than 64 levels");
        levels_.push_back(put(std::move(value)));
        return true;
    }

    bool close() {
        levels_.pop_back();
        return true;
    }

    Json& root_;
    std::vector<Json*> levels_;
    std::string key_;
    std::string what_;
    std::optional<std::size_t> offset_;
};

std::string escaped_for_pointer(std::string_view key) {
    std::string out;
    for (const char c : key) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    return out;
}

// The pointer to `value`, which is `here` or in it; nothing where it is not.
std::optional<std::string> pointer_to(const Json& value, const Json& here) {
    if (&value == &here) return "";
    if (!here.is_structured()) return std::nullopt;
    for (const auto& item : here.items()) {
        const auto rest = pointer_to(value, item.value());
        if (rest) return "/" + escaped_for_pointer(item.key()) + *rest;
    }
    return std::nullopt;
}

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& source_name) {
    Json root;
    Builder builder(root);
    if (Json::sax_parse(text, &builder)) return root;
    const std::string place =
        builder.offset() ? locate(source_name, text, *builder.offset()).text() : source_name;
    return Error(Errc::invalid_input, place + ": " + builder.what());
}

Error JsonPlace::error(const std::string& what) const {
    const std::string pointer = pointer_to(*value_, *root_).value_or("");
    return {Errc::invalid_input,
            *source_name_ + ": " + (pointer.empty() ? "" : pointer + ": ") + what};
}

JsonPlace JsonPlace::below(const Json& value) const {
    JsonPlace place = *this;
    place.value_ = &value;
    return place;
}

Result<void> JsonPlace::only(std::initializer_list<std::string_view> keys) const {
    if (!value_->is_object()) return error("must be an object");
    for (const auto& item : value_->items()) {
        if (std::ranges::find(keys, item.key()) == keys.end())
            return below(item.value()).error("unknown key");
    }
    return {};
}

Result<void> JsonPlace::format(std::string_view name) const {
    if (!value_->is_object()) return error("must be an object");
    const std::string format = TRY(string("format"));
    if (format == name) return {};
    Error wrong =
        error("the format is \"" + format + "\", this program reads \"" + std::string(name) + "\"");
    return wrong;
}

bool JsonPlace::has(std::string_view key) const {
    return value_->is_object() && value_->find(key) != value_->end();
}

Result<JsonPlace> JsonPlace::at(std::string_view key) const {
    if (!value_->is_object()) return error("must be an object");
    const auto found = value_->find(key);
    if (found == value_->end()) return error("\"" + std::string(key) + "\" is missing");
    return below(*found);
}

Result<std::optional<JsonPlace>> JsonPlace::find(std::string_view key) const {
    if (!value_->is_object()) return error("must be an object");
    const auto found = value_->find(key);
    if (found == value_->end() || found->is_null()) return std::nullopt;
    return std::optional(below(*found));
}

Result<std::vector<JsonPlace>> JsonPlace::elements() const {
    if (!value_->is_array()) return error("must be an array");
    std::vector<JsonPlace> all;
    all.reserve(value_->size());
    for (const Json& element : *value_) all.push_back(below(element));
    return all;
}

Result<std::vector<std::pair<std::string, JsonPlace>>> JsonPlace::members() const {
    if (!value_->is_object()) return error("must be an object");
    std::vector<std::pair<std::string, JsonPlace>> all;
    for (const auto& item : value_->items()) all.emplace_back(item.key(), below(item.value()));
    return all;
}

Result<std::string> JsonPlace::string() const {
    if (const auto* text = value_->get_ptr<const Json::string_t*>()) return *text;
    return error("must be a string");
}

Result<std::uint64_t> JsonPlace::number(std::uint64_t most) const {
    const auto* number = value_->get_ptr<const Json::number_unsigned_t*>();
    if (!number) return error("must be a whole number that is not negative");
    if (*number > most) return error("must be at most " + std::to_string(most));
    return *number;
}

Result<bool> JsonPlace::boolean() const {
    if (const auto* value = value_->get_ptr<const Json::boolean_t*>()) return *value;
    return error("must be true or false");
}

Result<Digest> JsonPlace::digest() const {
    const std::string text = TRY(string());
    const auto digest = Digest::from_hex(text);
    if (!digest || digest->hex() != text)
        return error("must be a SHA-256 of 64 lower-case hexadecimal digits");
    return *digest;
}

Result<RelPath> JsonPlace::rel_path() const {
    const std::string text = TRY(string());
    const auto path = RelPath::parse(text);
    if (!path) return error(path.error().message());
    return *path;
}

Result<std::string> JsonPlace::string(std::string_view key) const {
    const JsonPlace place = TRY(at(key));
    return place.string();
}

Result<std::uint64_t> JsonPlace::number(std::string_view key, std::uint64_t most) const {
    const JsonPlace place = TRY(at(key));
    return place.number(most);
}

Result<Digest> JsonPlace::digest(std::string_view key) const {
    const JsonPlace place = TRY(at(key));
    return place.digest();
}

Result<RelPath> JsonPlace::rel_path(std::string_view key) const {
    const JsonPlace place = TRY(at(key));
    return place.rel_path();
}

}  // namespace cordwainer
