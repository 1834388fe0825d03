#include "cli/commands.h"

#include "cli/bootloaders.h"
#include "cli/try.h"

namespace cordwainer::cli {

std::vector<Command> all_commands() {
    return {
        try_command(),
        bootloaders_command(),
    };
}

}  // namespace cordwainer::cli
