// The schema of a layout file: checks it, and documents its keys (docs/layouts.md).
#pragma once

#include "model/config_schema.h"

namespace cordwainer::image {

[[nodiscard]] ConfigSchema layout_schema();

}  // namespace cordwainer::image
