// A configuration as a tree of values that know where they stand, before and after a schema has
// checked it. Independent of the file format that it came from.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/location.h"

namespace cordwainer {

struct ConfigValue;

using ConfigList = std::vector<ConfigValue>;

struct ConfigEntry;

// A table, in the order of the file.
using ConfigTable = std::vector<ConfigEntry>;

struct ConfigValue {
    std::variant<bool, std::int64_t, std::string, ConfigList, ConfigTable> value;
    Location location;      // of the value
    Location key_location;  // of its key, where it has one

    bool operator==(const ConfigValue&) const;

    // The value of `key` in a table; null where this is no table or has no such key.
    [[nodiscard]] const ConfigValue* find(std::string_view key) const;

    // "a boolean", "an integer", "a string", "a list", "a table": for messages.
    [[nodiscard]] const char* type_name() const;
};

// A key and its value, with the names of a std::pair's members. No std::pair, since clang 19 cannot
// take libstdc++ 12's apart before ConfigValue is complete.
struct ConfigEntry {
    std::string first;
    ConfigValue second;

    bool operator==(const ConfigEntry&) const = default;
};

}  // namespace cordwainer
