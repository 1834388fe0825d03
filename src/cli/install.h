// `cordwainer install`: makes this machine boot its generations.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command install_command();

}  // namespace cordwainer::cli
