// systemd-boot: an EFI program whose menu is one file for each entry (Boot Loader Specification,
// type 1), all on the EFI system partition or beside it.
#pragma once

#include "model/bootloader.h"

namespace cordwainer::systemd_boot {

[[nodiscard]] Bootloader bootloader();

}  // namespace cordwainer::systemd_boot
