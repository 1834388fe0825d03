// What commands print. Everything goes out through here, so that it is strict UTF-8 whatever the
// locale, and so that a full disk or a closed pipe is an error and not a silent loss.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace cordwainer::cli {

// What --json prints: keys in the order in which they were added.
using Json = nlohmann::ordered_json;

// Writes all of `text` to standard output; ill-formed UTF-8 becomes U+FFFD. An io error with the
// errno where it cannot be written (EPIPE, ENOSPC, EBADF).
[[nodiscard]] Result<void> print(std::string_view text);

// Writes `value` to standard output, indented by two, with a newline.
[[nodiscard]] Result<void> print_json(const Json& value);

// Writes "cordwainer: TEXT" and a newline to standard error, as well as that goes. The text may
// have several lines; each is made printable.
void complain(std::string_view text);

// Complains about each as a warning.
void warn(const std::vector<std::string>& warnings);

// `text` as it may be shown on a terminal, on one line: control characters, which could move the
// cursor or change the terminal's state, become \n, \t or \x1b, and ill-formed UTF-8 U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);

// "1.5 MiB", "512 B": a size for people, in powers of 1024.
[[nodiscard]] std::string human_size(std::uint64_t bytes);

// "invalid_input": the enumerator's name, for JSON.
[[nodiscard]] const char* error_name(Errc code);

// The error in the format "cordwainer-error/1" (docs/formats.md); `code` is error_name()'s, or that
// of a wrong command line.
[[nodiscard]] Json error_json(const Error& error, const char* code);

}  // namespace cordwainer::cli
