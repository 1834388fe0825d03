// `cordwainer image`: makes a bootable disk image.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command image_command();

}  // namespace cordwainer::cli
