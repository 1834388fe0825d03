#include "bootloaders/systemd_boot/bootloader.h"

#include <optional>
#include <utility>
#include <vector>

#include "bootloaders/systemd_boot/config.h"
#include "bootloaders/systemd_boot/installers.h"
#include "core/rel_path.h"

namespace cordwainer::systemd_boot {
namespace {

// A name that is a path for certain.
std::optional<RelPath> own_directory(const char* name) {
    auto path = RelPath::parse(name);
    return path ? std::optional(std::move(*path)) : std::nullopt;
}

}  // namespace

Bootloader bootloader() {
    Bootloader loader;
    loader.name = kName;
    loader.meaning = "systemd-boot, for UEFI.";
    loader.schema = config_schema();
    loader.check = check_combinations;
    loader.package = [](const ConfigValue& table) -> Result<PackageRequest> {
        return package_request(read_config(table));
    };
    // The program comes last: it finds a menu whenever it is there.
    loader.installers = {
        {.tag = "boot",
         .type = TargetType::file,
         .own = own_directory(kOwnOnBoot),
         .meaning = "Kernels, initrds and menu entries on an extended boot loader partition.",
         .targets = [](const ConfigValue& table) -> Result<std::vector<TargetSpec>> {
             return read_config(table).boots;
         },
         .install = install_boot},
        {.tag = "esp",
         .type = TargetType::file,
         .own = own_directory(kOwnOnEsp),
         .meaning = "systemd-boot and its settings on an EFI system partition; without `boot` also "
                    "kernels, initrds and menu entries.",
         .targets = [](const ConfigValue& table) -> Result<std::vector<TargetSpec>> {
             std::vector<TargetSpec> esps = read_config(table).esps;
             if (!esps.empty()) return esps;
             return Error(Errc::invalid_input,
                          "set `esp`, where the EFI system partition is mounted, usually "
                          "\"/boot/efi\"");
         },
         .install = install_esp},
    };
    return loader;
}

}  // namespace cordwainer::systemd_boot
