// The installer `esp`: core images as EFI programs.
#pragma once

#include "core/error.h"
#include "model/bootloader.h"
#include "model/target.h"

namespace cordwainer::grub {

[[nodiscard]] Result<InstallSteps> install_esp(const InstallRequest& request, const Target& target);

}  // namespace cordwainer::grub
