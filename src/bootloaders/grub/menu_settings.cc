#include "bootloaders/grub/menu_settings.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bootloaders/grub/terminals.h"

namespace cordwainer::grub {
namespace {

using Names = std::vector<std::string>;

Names without(Names names, std::string_view unwanted, std::string_view instead) {
    std::erase(names, unwanted);
    if (names.empty()) names.emplace_back(instead);
    return names;
}

void write_terminal(Script& script, std::string_view command, const Names& names) {
    if (names.empty()) return;
    script.begin(command);
    for (const std::string& name : names) script.raw(name);
    script.end();
}

void write_colors(Script& script, const Theme& theme) {
    const auto set = [&](std::string_view variable, const std::optional<std::string>& color) {
        if (color) script.begin("set").joined(std::string(variable) + "=", *color).end();
    };
    set("color_normal", theme.color_normal);
    set("color_highlight", theme.color_highlight);
    set("menu_color_normal", theme.menu_color_normal);
    set("menu_color_highlight", theme.menu_color_highlight);
}

// The screen in graphics; the same terminals in text where the font cannot be loaded.
void write_graphics(Script& script,
                    const Config& config,
                    const Assets& assets,
                    const Names& outputs) {
    script.line("insmod all_video").line("insmod gfxterm");
    script.begin("if loadfont").joined("\"$prefix\"", "/" + assets.font->path).raw("; then").end();
    script.indent();
    script.begin("set").joined("gfxmode=", config.gfxmode.value_or("auto")).end();
    write_terminal(script, "terminal_output", outputs);
    if (assets.background) {
        script.line("insmod " + assets.background_module);
        script.begin("background_image --mode stretch")
            .joined("\"$prefix\"", "/" + assets.background->path)
            .end();
    }
    script.outdent().line("else").indent();
    write_terminal(script, "terminal_output", without(outputs, "gfxterm", "console"));
    script.outdent().line("fi");
}

void write_terminals(Script& script,
                     const Config& config,
                     const Assets& assets,
                     const Names& inputs,
                     const Names& outputs) {
    write_terminal(script, "terminal_input", inputs);
    const bool graphics = std::ranges::find(outputs, "gfxterm") != outputs.end();
    if (graphics && assets.font) {
        write_graphics(script, config, assets, outputs);
    } else if (graphics) {
        write_terminal(script, "terminal_output", without(outputs, "gfxterm", "console"));
    } else if (outputs != Names{"console"}) {
        write_terminal(script, "terminal_output", outputs);
    }
}

// Under UEFI a kernel gets its screen from GRUB's video drivers, and has none without them.
void write_video(Script& script, const Installation& installation) {
    const auto is_efi = [](const InstalledPlatform& in_use) { return in_use.platform->efi(); };
    if (std::ranges::none_of(installation.platforms, is_efi)) return;
    script.line("if [ \"$grub_platform\" = 'efi' ]; then").indent();
    script.line("insmod all_video").outdent().line("fi");
}

// Platforms without the serial line use the rest of the terminals.
void write_all_terminals(Script& script, const Installation& installation, const Assets& assets) {
    const Config& config = installation.config;
    const Names inputs = terminal_inputs(config);
    const Names outputs = terminal_outputs(config);
    const auto has_serial = [&](const InstalledPlatform& in_use) {
        return uses_serial(config, *in_use.platform);
    };
    const bool some = std::ranges::any_of(installation.platforms, has_serial);
    const bool all = std::ranges::all_of(installation.platforms, has_serial);
    const auto write_with = [&] {
        write_serial(script, *config.serial);
        write_terminals(script, config, assets, inputs, outputs);
    };
    const auto write_without = [&] {
        write_terminals(script,
                        config,
                        assets,
                        inputs.empty() ? inputs : without(inputs, "serial", "console"),
                        without(outputs, "serial", "console"));
    };
    if (all) return write_with();
    if (!some) return write_without();
    script.line("if [ \"$grub_cpu\" != 'arm64' ]; then").indent();
    write_with();
    script.outdent().line("else").indent();
    write_without();
    script.outdent().line("fi");
}

// GRUB reads the keyboard itself only with a driver of its own, which it needs for a layout. On a
// BIOS machine that is safe to choose; UEFI's console keeps the firmware's layout unless told.
void write_keymap(Script& script, const Installation& installation, const Assets& assets) {
    if (!assets.keymap) return;
    const auto has_layouts = [](const InstalledPlatform& in_use) {
        return in_use.modules.has("keylayouts");
    };
    if (std::ranges::none_of(installation.platforms, has_layouts)) return;
    const bool guarded = !std::ranges::all_of(installation.platforms, has_layouts);
    if (guarded) script.line("if [ \"$grub_cpu\" != 'arm64' ]; then").indent();
    script.line("insmod keylayouts");
    script.begin("keymap").joined("\"$prefix\"", "/" + assets.keymap->path).end();
    if (guarded) script.outdent().line("fi");

    const Config& config = installation.config;
    if (!config.terminal_inputs.empty() || !installation.find(kBiosPlatform)) return;
    script.line("if [ \"$grub_platform\" = 'pc' ]; then").indent();
    script.line(config.serial ? "terminal_input serial at_keyboard" : "terminal_input at_keyboard");
    script.outdent().line("fi");
}

void write_language(Script& script, const Assets& assets) {
    if (!assets.translations) return;
    script.line("insmod gettext");
    script.begin("set").joined("locale_dir=\"$prefix\"", "/" + assets.locale_directory).end();
    script.begin("set").joined("lang=", assets.language).end();
}

void write_superuser(Script& script, const Superuser& user) {
    script.begin("set").joined("superusers=", user.name).end();
    // Submenus see exported variables only, and would be open without this one.
    script.line("export superusers");
    script.begin("password_pbkdf2").word(user.name).word(user.password_hash).end();
}

}  // namespace

void write_settings(Script& script,
                    const Installation& installation,
                    const Assets& assets,
                    const std::string& default_entry) {
    const Config& config = installation.config;
    // For volumes of which no more is known than their UUID or label.
    script.line("insmod part_gpt").line("insmod part_msdos");
    write_video(script, installation);
    write_all_terminals(script, installation, assets);
    if (config.theme) write_colors(script, *config.theme);
    write_keymap(script, installation, assets);
    write_language(script, assets);
    if (config.superuser) write_superuser(script, *config.superuser);
    script.begin("set").joined("default=", default_entry).end();
    script.line("set timeout=" + std::to_string(config.timeout));
    script.begin("set").raw("timeout_style=" + config.timeout_style).end();
}

}  // namespace cordwainer::grub
