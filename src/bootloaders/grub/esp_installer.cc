#include "bootloaders/grub/esp_installer.h"

#include <optional>
#include <string>
#include <utility>

#include "bootloaders/grub/installation.h"
#include "core/rel_path.h"

namespace cordwainer::grub {
namespace {

Result<void> replace(InstallSteps& made,
                     const Target& target,
                     const std::string& path,
                     const Recipe& core) {
    made.steps.emplace_back(
        ReplaceFile{.target = target.id, .path = TRY(RelPath::parse(path)), .source = core});
    return {};
}

// UEFI firmware starts programs from FAT only (UEFI 2.10, section 13.3).
Result<void> check_readable(const Target& target) {
    const std::optional<Volume>& volume = target.boot.volume;
    if (!volume || volume->file_system == "vfat") return {};
    return Error(Errc::refused,
                 target.spec.path + " lies on a file system of type " + volume->file_system +
                     ", which UEFI firmware does not read: mount an EFI system partition (vfat) "
                     "there, or leave `esp` out");
}

}  // namespace

Result<InstallSteps> install_esp(const InstallRequest& request, const Target& target) {
    TRY_VOID(check_readable(target));
    const Installation installation = TRY(plan_installation(request));
    InstallSteps made;
    const Config& config = installation.config;
    for (const InstalledPlatform& in_use : installation.platforms) {
        if (!in_use.platform->efi()) continue;
        const std::string program = "EFI/cordwainer/" + std::string(in_use.platform->program);
        TRY_VOID(replace(made, target, program, in_use.core));
        if (config.removable) {
            TRY_VOID(replace(made,
                             target,
                             "EFI/BOOT/" + std::string(in_use.platform->removable_program),
                             in_use.core));
        }
    }
    if (config.removable) return made;

    // Firmware runs programs of one platform only, and keeps one entry.
    const Platform* first = find_platform(config.platforms.front());
    if (!first) return made;
    made.steps.emplace_back(FirmwareEntry{
        .target = target.id,
        .path = TRY(RelPath::parse("EFI/cordwainer/" + std::string(first->program))),
        .title = config.firmware_title,
        .fallback = TRY(RelPath::parse("EFI/BOOT/" + std::string(first->removable_program)))});
    return made;
}

}  // namespace cordwainer::grub
