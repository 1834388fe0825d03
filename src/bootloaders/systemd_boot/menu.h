// All entries of a menu, the files that they need, and which of them is the default.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bootloaders/systemd_boot/config.h"
#include "bootloaders/systemd_boot/entry.h"
#include "core/error.h"
#include "model/bootloader.h"
#include "model/plan.h"
#include "model/source.h"

namespace cordwainer::systemd_boot {

struct Menu {
    std::vector<Entry> entries;              // newest first
    std::map<std::string, HostFile> copies;  // by path below the partition
    std::string default_entry;               // the name of one of the entries
    std::optional<OtherDefault> other_default;
    std::vector<std::string> warnings;
};

// `own`: the directory below the partition that copies go to. A generation that cannot be booted is
// left out with a warning; the current one fails.
[[nodiscard]] Result<Menu> make_menu(const InstallRequest& request,
                                     const Config& config,
                                     const std::string& own);

// The text of loader.conf.
[[nodiscard]] std::string render_settings(const Menu& menu, const Config& config);

}  // namespace cordwainer::systemd_boot
