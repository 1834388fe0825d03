// `cordwainer plan`: what would be installed.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command plan_command();

}  // namespace cordwainer::cli
