#include "bootloaders/grub/core_image.h"

#include <set>
#include <utility>
#include <vector>

#include "bootloaders/grub/boot_place.h"
#include "bootloaders/grub/script.h"
#include "bootloaders/grub/terminals.h"
#include "bootloaders/grub/volume_modules.h"

namespace cordwainer::grub {
namespace {

// What grub-mkimage builds the core from, beside the modules.
std::vector<std::string> images_of(const Platform& platform) {
    if (platform.efi()) return {"moddep.lst", "kernel.img"};
    return {"moddep.lst", "kernel.img", "diskboot.img", "lzma_decompress.img"};
}

// The serial line to ask for a passphrase on, before the menu can be read; null where none is asked
// for or there is none.
const Serial* early_serial(const BootPlace& place, const Config& config, const Platform& platform) {
    if (place.crypto.empty() || !config.serial || !uses_serial(config, platform)) return nullptr;
    return &*config.serial;
}

const char* search_command(const DeviceRef& device) {
    if (std::holds_alternative<Uuid>(device)) return "search.fs_uuid";
    if (std::holds_alternative<FileSystemLabel>(device)) return "search.fs_label";
    return "search.file";
}

const char* search_module(const DeviceRef& device) {
    if (std::holds_alternative<Uuid>(device)) return "search_fs_uuid";
    if (std::holds_alternative<FileSystemLabel>(device)) return "search_label";
    return "search_fs_file";
}

Result<RecipeInput> input_from(const std::map<std::string, HostFile>& files,
                               const std::string& name,
                               const std::string& file_name,
                               const ModuleDirectory& modules) {
    const auto file = files.find(name);
    if (file == files.end()) {
        return Error(Errc::not_found, "the GRUB in " + modules.path + " has no " + file_name);
    }
    return RecipeInput{.name = file_name, .source = file->second};
}

Result<std::set<std::string>> wanted_modules(const BootPlace& place,
                                             const Config& config,
                                             const Platform& platform,
                                             const ModuleDirectory& modules) {
    if (!place.volume) return Error(Errc::not_found, "the menu's volume is not known");
    std::set<std::string> wanted = TRY(modules_for(*place.volume, modules));
    wanted.emplace(search_module(place.device));
    if (!platform.efi()) wanted.emplace("biosdisk");
    if (early_serial(place, config, platform)) wanted.insert({"serial", "terminal"});
    return wanted;
}

}  // namespace

Result<std::string> early_configuration(const BootSide& files,
                                        const std::string& directory,
                                        const Config& config,
                                        const Platform& platform) {
    const BootPlace place = place_on_target(files, directory);
    Script script;
    if (const Serial* serial = early_serial(place, config, platform)) {
        write_serial(script, *serial);
        script.line("terminal_input serial console");
        script.line("terminal_output serial console");
    }
    for (const Uuid& container : place.crypto) {
        for (int attempt = 0; attempt < 3; ++attempt) {
            script.begin("cryptomount -u").raw(container.without_dashes()).end();
        }
    }
    script.begin(search_command(place.device));
    if (const auto* uuid = std::get_if<Uuid>(&place.device)) {
        script.raw(uuid->text());
    } else if (const auto* label = std::get_if<FileSystemLabel>(&place.device)) {
        script.word(label->text);
    } else {
        script.word(place.path + "/grub.cfg");
    }
    script.raw("root").end();
    script.begin("set").joined("prefix=($root)", place.path).end();
    return script.finish();
}

Result<Recipe> core_image_recipe(const BootSide& files,
                                 const std::string& directory,
                                 const Config& config,
                                 const Platform& platform,
                                 const ModuleDirectory& modules,
                                 const Package& package) {
    const BootPlace place = place_on_target(files, directory);
    const auto wanted = TRY(wanted_modules(place, config, platform, modules));
    const auto all = TRY(with_dependencies(modules, wanted));

    Recipe recipe;
    recipe.maker = kCoreImageMaker;
    recipe.version = "1";
    recipe.parameters = {
        {"platform", std::string(platform.name)},
        {"prefix", place.path},
        // The menu's directory holds all modules, so another set of them needs another directory.
        {"modules", modules.digest().hex()},
    };
    const auto mkimage = package.files.find(config.mkimage());
    if (mkimage == package.files.end()) {
        return Error(Errc::not_found,
                     "there is no " + config.mkimage() +
                         ": install GRUB's programs (Debian: grub-common), or set `package`");
    }
    recipe.inputs.push_back({.name = "grub-mkimage", .source = mkimage->second.source});
    for (const std::string& image : images_of(platform)) {
        recipe.inputs.push_back(TRY(input_from(modules.others, image, image, modules)));
    }
    for (const std::string& module : all) {
        recipe.inputs.push_back(TRY(input_from(modules.modules, module, module + ".mod", modules)));
    }
    recipe.inputs.push_back(
        {.name = "early.cfg",
         .source = Text{TRY(early_configuration(files, directory, config, platform))}});
    return recipe;
}

}  // namespace cordwainer::grub
