#include "bootloaders/systemd_boot/installers.h"

#include <string>
#include <utility>

#include "bootloaders/systemd_boot/config.h"
#include "bootloaders/systemd_boot/menu.h"
#include "bootloaders/systemd_boot/partition.h"
#include "core/rel_path.h"

namespace cordwainer::systemd_boot {
namespace {

Result<void> replace(InstallSteps& made,
                     const Target& target,
                     const std::string& path,
                     Source source) {
    made.steps.emplace_back(ReplaceFile{
        .target = target.id, .path = TRY(RelPath::parse(path)), .source = std::move(source)});
    return {};
}

// What is said once, whichever partition has it.
bool is_first(const Target& target) {
    return target.id.text == target.tag;
}

// A name that is new for every content, so the commit adds an entry and changes none.
Result<void> add_menu(InstallSteps& made, const Target& target, const Menu& menu) {
    for (const auto& [path, source] : menu.copies) {
        made.steps.emplace_back(
            StageFile{.target = target.id, .path = TRY(RelPath::parse(path)), .source = source});
    }
    for (const Entry& entry : menu.entries) {
        TRY_VOID(replace(made, target, "loader/entries/" + entry.name, Text{entry.text}));
    }
    if (is_first(target)) made.warnings = menu.warnings;
    return {};
}

Result<void> add_programs(InstallSteps& made,
                          const Target& target,
                          const Config& config,
                          const Package& package) {
    for (const Platform& platform : config.platforms) {
        const std::string path = config.package + "/" + std::string(platform.program);
        const auto program = package.files.find(path);
        if (program == package.files.end()) {
            return Error(Errc::not_found,
                         path + " is missing: install systemd-boot for " +
                             std::string(platform.name) +
                             " (Debian: systemd-boot-efi), or set `package` to its directory");
        }
        const HostFile& source = program->second.source;
        TRY_VOID(replace(
            made, target, std::string(kOwnOnEsp) + "/" + std::string(platform.program), source));
        if (!config.removable) continue;
        TRY_VOID(
            replace(made, target, "EFI/BOOT/" + std::string(platform.removable_program), source));
    }
    if (config.removable) return {};

    // Firmware runs programs of one platform only, and keeps one entry.
    const Platform& first = config.platforms.front();
    made.steps.emplace_back(FirmwareEntry{
        .target = target.id,
        .path = TRY(RelPath::parse(std::string(kOwnOnEsp) + "/" + std::string(first.program))),
        .title = config.firmware_title,
        .fallback = TRY(RelPath::parse("EFI/BOOT/" + std::string(first.removable_program)))});
    return {};
}

}  // namespace

Result<InstallSteps> install_boot(const InstallRequest& request, const Target& target) {
    TRY_VOID(check_boot(target));
    const Config config = read_config(request.config);
    InstallSteps made;
    const Menu menu = TRY(make_menu(request, config, kOwnOnBoot));
    TRY_VOID(add_menu(made, target, menu));
    return made;
}

Result<InstallSteps> install_esp(const InstallRequest& request, const Target& target) {
    TRY_VOID(check_esp(target));
    const Config config = read_config(request.config);
    InstallSteps made;
    const bool all_here = config.boots.empty();
    const Menu menu = TRY(make_menu(request, config, all_here ? kOwnOnEsp : kOwnOnBoot));
    if (all_here) TRY_VOID(add_menu(made, target, menu));
    TRY_VOID(replace(made, target, "loader/loader.conf", Text{render_settings(menu, config)}));
    made.other_default = menu.other_default;
    TRY_VOID(add_programs(made, target, config, request.observed.package));
    return made;
}

}  // namespace cordwainer::systemd_boot
