// Times as boot data keeps and shows them: seconds since 1970 UTC, and ISO 8601 text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cordwainer {

// "2026-11-22T10:00:00Z" for seconds since 1970-01-01 UTC. Times outside the years 0 to 9999, which
// have no such notation, are shown as the nearest one that has.
[[nodiscard]] std::string utc_text(std::int64_t seconds);

// Reads exactly that notation; nothing where it is another one, or no date of the calendar.
[[nodiscard]] std::optional<std::int64_t> parse_utc(std::string_view text);

}  // namespace cordwainer
