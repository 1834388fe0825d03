#include "bootloaders/grub/assets.h"

#include <array>
#include <filesystem>
#include <utility>

#include "bootloaders/grub/terminals.h"

namespace cordwainer::grub {
namespace {

constexpr const char* kXkb = "/usr/share/X11/xkb";
constexpr std::array kXkbParts{"symbols", "keycodes"};

std::string font_path(const Config& config) {
    return config.package + "/share/grub/unicode.pf2";
}

std::string translations_path(const Config& config, const std::string& language) {
    return config.package + "/share/locale/" + language + "/LC_MESSAGES/grub.mo";
}

// "de_DE.utf8" → "de_DE", "de"; none for English, which GRUB speaks without translations.
std::vector<std::string> languages_of(const std::string& locale) {
    std::string name = locale.substr(0, locale.find('.'));
    std::string modifier;
    if (const auto at = locale.find('@'); at != std::string::npos) {
        modifier = locale.substr(at);
        name = name.substr(0, name.find('@'));
    }
    const std::string language = name.substr(0, name.find('_'));
    if (language == "en" || language == "C" || language == "POSIX") return {};
    std::vector<std::string> names;
    if (!modifier.empty()) names = {name + modifier, language + modifier};
    names.push_back(name);
    if (language != name) names.push_back(language);
    return names;
}

PackageRequest::Files file_of(const std::string& path, HostFile::Base base) {
    const std::filesystem::path whole(path);
    return {.directory = whole.parent_path(),
            .suffix = whole.filename(),
            .with_text = false,
            .optional = true,
            .base = base};
}

const HostFile* find(const std::map<std::string, Package::File>& files, const std::string& path) {
    const auto file = files.find(path);
    return file == files.end() ? nullptr : &file->second.source;
}

void plan_font(const Config& config, const Package& package, Assets& assets) {
    if (!uses_graphics(config)) return;
    if (const HostFile* font = find(package.files, font_path(config))) {
        assets.font = Asset{.path = "fonts/" + font->digest.hex() + ".pf2", .source = *font};
        return;
    }
    assets.warnings.push_back("there is no font " + font_path(config) +
                              ": the menu is shown as text, not as graphics");
}

Result<void> plan_background(const Config& config, const Package& package, Assets& assets) {
    if (!config.theme || !config.theme->background) return {};
    const std::string& path = *config.theme->background;
    const auto module = picture_module(path);
    if (!module) {
        return Error(Errc::unsupported,
                     "GRUB reads PNG, JPEG and TGA, not the background picture " + path);
    }
    const HostFile* picture = find(package.system_files, path);
    if (!picture) {
        return Error(Errc::not_found, "the background picture " + path + " does not exist");
    }
    assets.background =
        Asset{.path = "theme/" + picture->digest.hex() + "." + *module, .source = *picture};
    assets.background_module = *module;
    return {};
}

Result<void> plan_keymap(const Config& config, const Package& package, Assets& assets) {
    if (!config.keyboard_layout) return {};
    const KeyboardLayout& keyboard = *config.keyboard_layout;
    Recipe recipe;
    recipe.maker = kKeymapMaker;
    recipe.version = "1";
    recipe.parameters = {{"layout", keyboard.layout},
                         {"variant", keyboard.variant},
                         {"model", keyboard.model},
                         {"options", keyboard.options}};
    const std::array<std::array<std::string, 3>, 2> programs{{
        {"grub-mklayout", config.package + "/bin/grub-mklayout", "Debian: grub-common"},
        {"ckbcomp", "/usr/bin/ckbcomp", "Debian: console-setup"},
    }};
    for (const auto& [name, path, package_name] : programs) {
        const HostFile* program = find(package.files, path);
        if (!program) {
            return Error(Errc::not_found,
                         "`keyboard-layout` needs the program " + path + ": install it (" +
                             package_name + ")");
        }
        recipe.inputs.push_back({.name = name, .source = *program});
    }
    const std::string root = std::string(kXkb) + "/";
    for (auto file = package.files.lower_bound(root);
         file != package.files.end() && file->first.starts_with(root);
         ++file) {
        recipe.inputs.push_back(
            {.name = "xkb/" + file->first.substr(root.size()), .source = file->second.source});
    }
    const std::string key = recipe_key(recipe).hex();
    assets.keymap = Asset{.path = "keymaps/" + key + ".gkb", .source = std::move(recipe)};
    return {};
}

void plan_translations(const Config& config, const Package& package, Assets& assets) {
    if (!config.locale) return;
    const auto languages = languages_of(*config.locale);
    for (const std::string& language : languages) {
        const HostFile* file = find(package.files, translations_path(config, language));
        if (!file) continue;
        assets.locale_directory = "locale/" + file->digest.hex();
        assets.language = language;
        assets.translations =
            Asset{.path = assets.locale_directory + "/" + language + ".mo", .source = *file};
        return;
    }
    if (!languages.empty()) {
        assets.warnings.push_back("GRUB has no translations for the locale " + *config.locale +
                                  ": its own texts stay English");
    }
}

}  // namespace

std::vector<const Asset*> Assets::all() const {
    std::vector<const Asset*> there;
    for (const auto* asset : {&font, &background, &keymap, &translations}) {
        if (*asset) there.push_back(&**asset);
    }
    return there;
}

std::optional<std::string> picture_module(std::string_view name) {
    // GRUB chooses the reader by the name's ending (video/bitmap.c).
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kReaders{{
        {".png", "png"},
        {".jpg", "jpeg"},
        {".jpeg", "jpeg"},
        {".tga", "tga"},
    }};
    for (const auto& [ending, module] : kReaders) {
        if (name.ends_with(ending)) return std::string(module);
    }
    return std::nullopt;
}

void request_assets(const Config& config, PackageRequest& request) {
    using Base = HostFile::Base;
    if (uses_graphics(config)) request.files.push_back(file_of(font_path(config), Base::machine));
    if (config.theme && config.theme->background) {
        request.files.push_back(file_of(*config.theme->background, Base::system));
    }
    if (config.keyboard_layout) {
        request.files.push_back(file_of(config.package + "/bin/grub-mklayout", Base::machine));
        request.files.push_back(file_of("/usr/bin/ckbcomp", Base::machine));
        request.files.push_back(file_of(std::string(kXkb) + "/rules/base", Base::machine));
        for (const char* part : kXkbParts) {
            request.files.push_back({.directory = std::string(kXkb) + "/" + part,
                                     .suffix = {},
                                     .with_text = false,
                                     .optional = true,
                                     .base = Base::machine});
        }
    }
    if (config.locale) {
        for (const std::string& language : languages_of(*config.locale)) {
            request.files.push_back(file_of(translations_path(config, language), Base::machine));
        }
    }
    for (const std::string& path : config.microcode) {
        request.files.push_back(file_of(path, Base::system));
    }
    if (config.extra_initrd) request.files.push_back(file_of(*config.extra_initrd, Base::system));
}

Result<Assets> plan_assets(const Config& config, const Package& package) {
    Assets assets;
    plan_font(config, package, assets);
    TRY_VOID(plan_background(config, package, assets));
    TRY_VOID(plan_keymap(config, package, assets));
    plan_translations(config, package, assets);
    return assets;
}

}  // namespace cordwainer::grub
