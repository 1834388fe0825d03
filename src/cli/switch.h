// `cordwainer switch`: another generation boots from now on.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command switch_command();

}  // namespace cordwainer::cli
