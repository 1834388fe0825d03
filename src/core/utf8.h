// Strict UTF-8 (RFC 3629): checking it, making it, repairing it for output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cordwainer {

// Whether `text` is well-formed UTF-8: no overlong forms, no surrogates, at most U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

// `text` with every maximal ill-formed part replaced by U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view text);

// Appends the encoding of a code point; false, and nothing appended, for surrogates and above
// U+10FFFF.
[[nodiscard]] bool append_utf8(std::string& text, std::uint32_t code_point);

}  // namespace cordwainer
