// The installer `files`: modules, menu, and everything that the menu reads beside them.
#pragma once

#include "core/error.h"
#include "model/bootloader.h"
#include "model/target.h"

namespace cordwainer::grub {

[[nodiscard]] Result<InstallSteps> install_files(const InstallRequest& request,
                                                 const Target& target);

}  // namespace cordwainer::grub
