// The nearest right name, for messages about a wrong one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cordwainer {

// The candidate with the smallest edit distance to `word` (insertions, deletions, substitutions
// and swaps of neighbours), if it is near enough to be what was meant: at most a third of the
// longer name's length. Else the shortest that begins with `word`, if that has three letters or
// more. The first of equals.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);

}  // namespace cordwainer
