// The schema of a configuration: which keys there are, what they take, and what they mean. One
// description serves for checking a file, for reading it into a typed record, and for printing the
// keys to a user.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "model/config_value.h"

namespace cordwainer {

struct ConfigSchema;

// What a key's value may be.
struct ConfigType {
    enum class Kind { boolean, integer, string, list, table };
    Kind kind = Kind::string;
    std::vector<std::string> allowed;     // string: the only values, if not empty
    std::optional<std::int64_t> minimum;  // integer
    std::optional<std::int64_t> maximum;  // integer
    std::vector<ConfigType> element;      // list: exactly one, the type of an element
    std::vector<ConfigSchema> table;      // table: exactly one
    // Alternatives to this type: a target may be a string or a table. Tried by the value's kind.
    std::vector<ConfigType> alternatives;
    // string: says what is wrong with a value that is not allowed ("an absolute path"), or nothing.
    std::function<std::optional<std::string>(const std::string&)> check;
    std::vector<std::string> suggested;  // with `check`: right values that a message may propose
};

struct ConfigKey {
    std::string name;
    ConfigType type;
    bool required = false;
    std::string default_text;  // the default in the configuration's own notation; "" for none
    std::string meaning;       // one sentence
};

struct ConfigSchema {
    std::string name;  // of the table, for messages: "grub", "grub.serial"
    std::vector<ConfigKey> keys;
};

// All that is wrong with `table`, in the order of the file; empty when nothing is. Each message
// begins with the place ("FILE:LINE:COLUMN: "), and says what is allowed and, for an unknown key or
// value, the nearest right one.
[[nodiscard]] std::vector<std::string> check_config(const ConfigSchema& schema,
                                                    const ConfigValue& table);

// "string", "integer from -1 to 3600", `one of "gpt", "mbr"`, "list of strings": for messages and
// for the user's list of keys.
[[nodiscard]] std::string describe(const ConfigType& type);

}  // namespace cordwainer
