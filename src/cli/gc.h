// `cordwainer gc`: removes what nothing needs from the state directory.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command gc_command();

}  // namespace cordwainer::cli
