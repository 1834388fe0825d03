// Every bootloader that this build knows: one per folder here.
#pragma once

#include <vector>

#include "model/bootloader.h"

namespace cordwainer {

// All of them, in the order of their folders' names. The definition is generated when building
// (cmake/registry.cmake).
[[nodiscard]] std::vector<Bootloader> all_bootloaders();

}  // namespace cordwainer
