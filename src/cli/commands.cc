#include "cli/commands.h"

#include "cli/bootloaders.h"
#include "cli/delete.h"
#include "cli/gc.h"
#include "cli/generation_add.h"
#include "cli/image.h"
#include "cli/init.h"
#include "cli/install.h"
#include "cli/list.h"
#include "cli/pin.h"
#include "cli/plan.h"
#include "cli/status.h"
#include "cli/switch.h"
#include "cli/try.h"
#include "cli/unpin.h"
#include "cli/verify.h"

namespace cordwainer::cli {

std::vector<Command> all_commands() {
    return {
        init_command(),
        list_command(),
        generation_add_command(),
        plan_command(),
        install_command(),
        switch_command(),
        delete_command(),
        pin_command(),
        unpin_command(),
        gc_command(),
        status_command(),
        verify_command(),
        image_command(),
        try_command(),
        bootloaders_command(),
    };
}

}  // namespace cordwainer::cli
