// The list of all commands. Adding one touches its own file and this list.
#pragma once

#include <vector>

#include "cli/command.h"

namespace cordwainer::cli {

// In the order of `cordwainer --help`.
[[nodiscard]] std::vector<Command> all_commands();

}  // namespace cordwainer::cli
