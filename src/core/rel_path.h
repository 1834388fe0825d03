// A path below some root that cannot climb out of it.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "core/error.h"

namespace cordwainer {

// A relative path of one or more components joined by "/": no empty component, no "." or "..", no
// NUL, no leading or trailing "/". Joined to a root it always lies below that root.
class RelPath {
  public:
    // Checks `text`; leading and trailing slashes and doubled ones are dropped first, since "/x"
    // inside a root means "x". Fails with invalid_input for "..", ".", NUL or an empty path.
    [[nodiscard]] static Result<RelPath> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; }

    // The last component.
    [[nodiscard]] std::string name() const;

    // This path followed by `below`.
    [[nodiscard]] RelPath operator/(const RelPath& below) const;

    auto operator<=>(const RelPath&) const = default;

  private:
    explicit RelPath(std::string text) : text_(std::move(text)) {}

    std::string text_;
};

}  // namespace cordwainer
