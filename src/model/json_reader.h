// Reads JSON that must be exactly what is expected: no duplicate keys, no unknown ones, no value of
// another type. Every error names the file and the JSON pointer (RFC 6901) of the place.
//
// Includes nlohmann's slow header: for *_json.cc files and their like only.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/rel_path.h"
#include "core/sha256.h"

namespace cordwainer {

// A whole JSON text. invalid_input with line and column for what is not JSON (RFC 8259), for a
// duplicate key, and for more than 64 levels.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text,
                                                const std::string& source_name);

// A value and where it stands. Refers to the root and the name, which must outlive it.
class JsonPlace {
  public:
    JsonPlace(const nlohmann::json& root, const std::string& source_name)
        : root_(&root), value_(&root), source_name_(&source_name) {}

    // invalid_input: "FILE: /steps/3/path: WHAT".
    [[nodiscard]] Error error(const std::string& what) const;

    // Demands an object with no other keys than these.
    [[nodiscard]] Result<void> only(std::initializer_list<std::string_view> keys) const;

    // Demands the root of a format: an object whose "format" is `name`.
    [[nodiscard]] Result<void> format(std::string_view name) const;

    // Whether this is an object with this key.
    [[nodiscard]] bool has(std::string_view key) const;

    // The member of an object; an error where it is missing.
    [[nodiscard]] Result<JsonPlace> at(std::string_view key) const;

    // The member of an object; nothing where it is missing or null.
    [[nodiscard]] Result<std::optional<JsonPlace>> find(std::string_view key) const;

    [[nodiscard]] Result<std::vector<JsonPlace>> elements() const;

    // The members of an object, by name.
    [[nodiscard]] Result<std::vector<std::pair<std::string, JsonPlace>>> members() const;

    [[nodiscard]] Result<std::string> string() const;
    [[nodiscard]] Result<std::uint64_t> number(
        std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const;
    [[nodiscard]] Result<bool> boolean() const;
    [[nodiscard]] Result<Digest> digest() const;
    [[nodiscard]] Result<RelPath> rel_path() const;

    // The same of a member that must be there.
    [[nodiscard]] Result<std::string> string(std::string_view key) const;
    [[nodiscard]] Result<std::uint64_t> number(
        std::string_view key, std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const;
    [[nodiscard]] Result<Digest> digest(std::string_view key) const;
    [[nodiscard]] Result<RelPath> rel_path(std::string_view key) const;

  private:
    // The place of another value in the same root.
    [[nodiscard]] JsonPlace below(const nlohmann::json& value) const;

    const nlohmann::json* root_;  // in which errors look for the value
    const nlohmann::json* value_;
    const std::string* source_name_;
};

}  // namespace cordwainer
