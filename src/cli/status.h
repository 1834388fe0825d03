// `cordwainer status`: what boots next, and whether everything is as it was installed.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command status_command();

}  // namespace cordwainer::cli
