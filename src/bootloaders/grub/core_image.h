// The core image: what firmware or the boot sector starts, made by grub-mkimage. It holds the
// modules that reach the menu's volume, and an early configuration that finds the menu there.
#pragma once

#include <string>

#include "bootloaders/grub/config.h"
#include "bootloaders/grub/module_directory.h"
#include "bootloaders/grub/platform.h"
#include "core/error.h"
#include "model/observed.h"
#include "model/source.h"
#include "model/target.h"

namespace cordwainer::grub {

// The maker's name (core_image_maker.h).
inline constexpr const char* kCoreImageMaker = "grub-core-image";

// What GRUB's rescue parser runs before anything is loaded from disk: opens the LUKS containers on
// the way (each asked for three times, so that a mistyped passphrase is no dead end; an open one is
// not asked for again), finds the volume of `files`, and names `directory` ("/cordwainer/KEY") as
// the place of modules and menu. With a serial line, the passphrase can be typed there.
[[nodiscard]] Result<std::string> early_configuration(const BootSide& files,
                                                      const std::string& directory,
                                                      const Config& config,
                                                      const Platform& platform);

// The recipe of a platform's core image. `files.volume` must be known.
[[nodiscard]] Result<Recipe> core_image_recipe(const BootSide& files,
                                               const std::string& directory,
                                               const Config& config,
                                               const Platform& platform,
                                               const ModuleDirectory& modules,
                                               const Package& package);

}  // namespace cordwainer::grub
