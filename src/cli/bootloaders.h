// `cordwainer bootloaders`: what can be installed, and the keys of its configuration.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command bootloaders_command();

}  // namespace cordwainer::cli
