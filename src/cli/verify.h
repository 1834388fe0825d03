// `cordwainer verify`: reads what is installed, and repairs it.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command verify_command();

}  // namespace cordwainer::cli
