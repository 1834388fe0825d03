// What all installers of GRUB must agree on: which platforms, which core images, and the key of the
// directory that the core images read their menu from.
#pragma once

#include <string>
#include <vector>

#include "bootloaders/grub/config.h"
#include "bootloaders/grub/module_directory.h"
#include "bootloaders/grub/platform.h"
#include "core/error.h"
#include "model/bootloader.h"
#include "model/source.h"
#include "model/target.h"

namespace cordwainer::grub {

struct InstalledPlatform {
    const Platform* platform = nullptr;  // never null in an Installation
    ModuleDirectory modules;
    Recipe core;  // of its core image
};

struct Installation {
    Config config;
    BootSide files;                            // the target of the menu
    std::vector<InstalledPlatform> platforms;  // in use, by name
    std::string key;                           // 64 hexadecimal digits
    std::vector<std::string> warnings;         // about the whole, to be said once

    // "/cordwainer/KEY": where modules and menu are below the files target.
    [[nodiscard]] std::string directory() const { return "/cordwainer/" + key; }

    // Null where the platform is not in use.
    [[nodiscard]] const InstalledPlatform* find(std::string_view platform) const;
};

// Works it out from the request; every installer that does so gets the same. Refuses a files target
// that this GRUB cannot read, and a package that lacks what its platforms need.
[[nodiscard]] Result<Installation> plan_installation(const InstallRequest& request);

// The files of the package that planning needs (Bootloader::package).
[[nodiscard]] PackageRequest package_request(const Config& config);

}  // namespace cordwainer::grub
