// What the schema of a layout cannot say: combinations that are impossible.
#pragma once

#include <string>
#include <vector>

#include "image/layout.h"

namespace cordwainer::image {

// All that is wrong with a layout whose every key is right by itself. Each message begins with the
// place ("FILE:LINE:COLUMN: ") and says what to do.
[[nodiscard]] std::vector<std::string> check_layout(const Layout& layout);

}  // namespace cordwainer::image
