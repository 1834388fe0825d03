// `cordwainer generation add`.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command generation_add_command();

}  // namespace cordwainer::cli
