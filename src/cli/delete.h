// `cordwainer delete`: removes generations, once no menu has them.
#pragma once

#include "cli/command.h"

namespace cordwainer::cli {

[[nodiscard]] Command delete_command();

}  // namespace cordwainer::cli
