// `cordwainer unpin`: generations that may be deleted again.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command unpin_command();

}  // namespace cordwainer::cli
