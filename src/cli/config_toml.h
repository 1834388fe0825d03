// TOML (version 1.0.0, https://toml.io/en/v1.0.0) in and out of configuration values. The only file
// that knows the TOML library.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "model/config_value.h"

namespace cordwainer::cli {

// The table that a TOML text is, every value and key with its place. Refused with invalid_input and
// places: syntax errors, floats, dates and times, texts over 1 MiB, and values nested more than 32
// deep. All values that are refused are named, one a line.
[[nodiscard]] Result<ConfigValue> parse_toml(std::string_view text, const std::string& file_name);

// A text that parse_toml reads as the same values in the same order. `table` must be a table; else
// the text is empty.
[[nodiscard]] std::string render_toml(const ConfigValue& table);

}  // namespace cordwainer::cli
