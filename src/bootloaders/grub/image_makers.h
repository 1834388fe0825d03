// The makers that run GRUB's own programs: core images and keyboard maps.
#pragma once

#include "model/bootloader.h"

namespace cordwainer::grub {

// grub-mkimage on exactly the inputs of the recipe, linked into a directory of their own.
[[nodiscard]] Maker core_image_maker();

// ckbcomp on the recipe's part of the XKB data, then grub-mklayout.
[[nodiscard]] Maker keymap_maker();

}  // namespace cordwainer::grub
