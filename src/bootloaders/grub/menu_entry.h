// What a menu entry does when it is chosen: reach its volume, load its files.
#pragma once

#include <string>
#include <vector>

#include "bootloaders/grub/boot_files.h"
#include "bootloaders/grub/config.h"
#include "bootloaders/grub/installation.h"
#include "bootloaders/grub/volume_modules.h"
#include "core/error.h"
#include "model/generation.h"

namespace cordwainer::grub {

// The menu identifier of a generation's entry, by which other tools choose it: "generation-12".
[[nodiscard]] std::string entry_id(std::uint64_t generation);

// "LABEL (#12, 2026-11-22 10:00)", the time in UTC.
[[nodiscard]] std::string entry_title(const Generation& generation);

// The commands of a generation's entry. `words`: its command line (LoaderWords::words). `reading`:
// of the installation's first platform. Fails with invalid_input where a path or an argument cannot
// be written in a GRUB script.
[[nodiscard]] Result<std::string> generation_commands(const EntryFiles& files,
                                                      const std::vector<std::string>& words,
                                                      const Installation& installation,
                                                      ReadingModules& reading);

// The commands of an entry of the user's own.
[[nodiscard]] Result<std::string> user_commands(const UserEntry& entry,
                                                const Installation& installation);

}  // namespace cordwainer::grub
