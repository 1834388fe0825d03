#include "cli/commands.h"

#include "cli/bootloaders.h"

namespace cordwainer::cli {

std::vector<Command> all_commands() {
    return {
        bootloaders_command(),
    };
}

}  // namespace cordwainer::cli
