// `cordwainer init`: looks at the machine, proposes a configuration, writes it.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command init_command();

}  // namespace cordwainer::cli
