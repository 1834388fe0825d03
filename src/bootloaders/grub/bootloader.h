// GRUB 2: for BIOS from GPT and MBR disks, for UEFI on x86_64, i386 and arm64.
#pragma once

#include "model/bootloader.h"

namespace cordwainer::grub {

inline constexpr const char* kName = "grub";

// Installers `files` (menu and modules), `esp` (UEFI) and `disk` (BIOS), in this order: what starts
// GRUB is committed after what it starts.
[[nodiscard]] Bootloader bootloader();

}  // namespace cordwainer::grub
