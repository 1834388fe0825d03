// What the menu shows and speaks with: font, background picture, keyboard layout, translations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bootloaders/grub/config.h"
#include "core/error.h"
#include "core/rel_path.h"
#include "model/observed.h"
#include "model/source.h"

namespace cordwainer::grub {

// The maker's name (keymap_maker.h).
inline constexpr const char* kKeymapMaker = "grub-keymap";

// A file beside the menu; its path is below the menu's directory and contains what it is made of.
struct Asset {
    std::string path;
    Source source;
};

struct Assets {
    std::optional<Asset> font;
    std::optional<Asset> background;
    std::string background_module;  // that reads it: "png"
    std::optional<Asset> keymap;
    std::optional<Asset> translations;
    std::string language;          // of `translations`: "de"
    std::string locale_directory;  // that holds them
    std::vector<std::string> warnings;

    // Those that there are.
    [[nodiscard]] std::vector<const Asset*> all() const;
};

// The module that reads a picture of this file name, by its ending; nothing where GRUB reads none.
[[nodiscard]] std::optional<std::string> picture_module(std::string_view name);

// Adds to `request` the files that `config` asks for.
void request_assets(const Config& config, PackageRequest& request);

// Fails with not_found where the configured picture or the keyboard programs do not exist; a
// missing font or language only warns, since the menu works without.
[[nodiscard]] Result<Assets> plan_assets(const Config& config, const Package& package);

}  // namespace cordwainer::grub
