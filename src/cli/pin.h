// `cordwainer pin`: generations that are never deleted.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command pin_command();

}  // namespace cordwainer::cli
