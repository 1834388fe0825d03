// What is asked of a run that changes nothing but the list of generations.
#pragma once

#include <vector>

#include "cli/command.h"
#include "cli/live.h"
#include "core/error.h"
#include "model/bootloader.h"
#include "model/generation.h"

namespace cordwainer::cli {

// The configuration that what boots by default was installed with, the same default, whatever the
// configuration file says by now, and none of the generations that the menu was not made for: they
// wait for the next installation. Where that default is gone, the system's current one takes its
// place, and the menu has all. refused where nothing was ever installed.
[[nodiscard]] Result<LiveRequest> as_installed(const Common& common,
                                               const Generations& generations,
                                               const std::vector<Bootloader>& bootloaders);

}  // namespace cordwainer::cli
