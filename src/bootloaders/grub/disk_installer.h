// The installer `disk`: boot sector and core image for BIOS.
//
// The core image lies in the BIOS boot partition (GPT) or in the gap before the first partition
// (MBR). That space is two slots: a new core is written to the one that the boot sector does not
// point to, then one sector switches. GRUB 2.06, boot/i386/pc/{boot,diskboot}.S.
#pragma once

#include <optional>
#include <string>

#include "core/error.h"
#include "model/bootloader.h"
#include "model/target.h"

namespace cordwainer::grub {

// Why `disk` has no place for a core image and its successor, and what to do; nothing where it has.
[[nodiscard]] std::optional<std::string> why_no_place(const ObservedDisk& disk);

[[nodiscard]] Result<InstallSteps> install_disk(const InstallRequest& request,
                                                const Target& target);

}  // namespace cordwainer::grub
