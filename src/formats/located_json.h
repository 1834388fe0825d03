// JSON (RFC 8259) read into configuration values that know where they stand, so that a schema
// (model/config_schema.h) can check them and point at what is wrong.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "model/config_value.h"

namespace cordwainer {

// Reads one JSON document in UTF-8. A member whose value is null is as if it were not there.
// `file` is for messages, which begin with the place. invalid_input for what is no JSON, a key that
// comes twice in one object, null outside an object, a number that is no 64-bit integer, and
// nesting of more than 32 levels.
[[nodiscard]] Result<ConfigValue> parse_located_json(const std::string& file,
                                                     std::string_view text);

}  // namespace cordwainer
