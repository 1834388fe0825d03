// `cordwainer try`: boots a disk image in QEMU.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command try_command();

}  // namespace cordwainer::cli
