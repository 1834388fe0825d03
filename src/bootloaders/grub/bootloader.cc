#include "bootloaders/grub/bootloader.h"

#include <utility>

#include "bootloaders/grub/boot_code_makers.h"
#include "bootloaders/grub/config.h"
#include "bootloaders/grub/disk_installer.h"
#include "bootloaders/grub/esp_installer.h"
#include "bootloaders/grub/files_installer.h"
#include "bootloaders/grub/image_makers.h"
#include "bootloaders/grub/installation.h"
#include "core/rel_path.h"

namespace cordwainer::grub {
namespace {

using Specs = Result<std::vector<TargetSpec>>;

Specs files_targets(const ConfigValue& table) {
    Config config = read_config(table);
    if (config.files.path.empty()) {
        return Error(Errc::invalid_input,
                     "set `files`, the directory for GRUB's menu and modules, usually "
                     "\"/boot/grub\"");
    }
    return std::vector{std::move(config.files)};
}

Specs esp_targets(const ConfigValue& table) {
    return read_config(table).esps;
}

Specs disk_targets(const ConfigValue& table) {
    return read_config(table).disks;
}

// A name that is a path for certain.
std::optional<RelPath> own_directory(const char* name) {
    auto path = RelPath::parse(name);
    return path ? std::optional(std::move(*path)) : std::nullopt;
}

}  // namespace

Bootloader bootloader() {
    Bootloader grub;
    grub.name = kName;
    grub.meaning = "GRUB 2, for BIOS and UEFI.";
    grub.schema = config_schema();
    grub.check = check_combinations;
    grub.package = [](const ConfigValue& table) -> Result<PackageRequest> {
        return package_request(read_config(table));
    };
    grub.installers = {
        {.tag = "files",
         .type = TargetType::file,
         .own = own_directory("cordwainer"),
         .meaning = "The menu, GRUB's modules, and kernels that GRUB cannot read in place.",
         .targets = files_targets,
         .install = install_files},
        {.tag = "esp",
         .type = TargetType::file,
         .own = own_directory("EFI/cordwainer"),
         .meaning = "GRUB as an EFI program on an EFI system partition.",
         .targets = esp_targets,
         .install = install_esp},
        {.tag = "disk",
         .type = TargetType::block,
         .own = std::nullopt,
         .meaning = "GRUB for BIOS: the boot sector, and the core image behind it.",
         .targets = disk_targets,
         .install = install_disk},
    };
    grub.makers = {core_image_maker(), boot_sector_maker(), placed_core_maker(), keymap_maker()};
    return grub;
}

}  // namespace cordwainer::grub
