// `cordwainer list`.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command list_command();

}  // namespace cordwainer::cli
