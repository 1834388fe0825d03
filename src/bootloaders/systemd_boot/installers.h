// What systemd-boot's two installers do.
#pragma once

#include "core/error.h"
#include "model/bootloader.h"
#include "model/target.h"

namespace cordwainer::systemd_boot {

// The directories that cordwainer owns. On an ESP the same as GRUB's, so that a change of the
// bootloader removes what the other one had there.
inline constexpr const char* kOwnOnEsp = "EFI/cordwainer";
inline constexpr const char* kOwnOnBoot = "cordwainer";

// Kernels, initrds and entries.
[[nodiscard]] Result<InstallSteps> install_boot(const InstallRequest& request,
                                                const Target& target);

// The program and loader.conf, and where there is no target `boot`, what install_boot does.
[[nodiscard]] Result<InstallSteps> install_esp(const InstallRequest& request, const Target& target);

}  // namespace cordwainer::systemd_boot
