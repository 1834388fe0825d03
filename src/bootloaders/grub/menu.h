// The menu: GRUB's configuration file beside its modules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bootloaders/grub/assets.h"
#include "bootloaders/grub/installation.h"
#include "bootloaders/grub/script.h"
#include "core/error.h"

namespace cordwainer::grub {

// The id of the submenu of all generations but the newest.
inline constexpr const char* kOlderId = "older-generations";

// One generation in the menu.
struct MenuEntry {
    std::uint64_t generation = 0;
    std::string title;
    std::string commands;  // a finished script
};

struct Menu {
    std::vector<std::uint64_t> generations;  // newest first; the first alone is in the first level
    Script newest;                           // its entry
    Script older;                            // the entries of the others: most of the menu
    // The generation that boots by default, one of `generations`; with Config::default_position
    // only the position counts.
    std::uint64_t default_generation = 0;
};

// Adds the entry of the next older generation.
void add_entry(Menu& menu, const Config& config, const MenuEntry& entry);

// The script. What stands beside the menu is named by $prefix, which whoever reads it has set.
[[nodiscard]] Result<std::string> render_menu(Menu menu,
                                              const Installation& installation,
                                              const Assets& assets);

// How many entries the menu's first level has on a platform with the fewest.
[[nodiscard]] std::size_t first_level_size(const Menu& menu, const Config& config);

// The configuration at the files target itself, for other loaders that look there: two lines that
// hand over to the menu. They name it by the directory that they are read from.
[[nodiscard]] std::string render_handover(const Installation& installation);

}  // namespace cordwainer::grub
