// How `cordwainer status` shows what it found.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/status_facts.h"

namespace cordwainer::cli {

// At most a screen: of the files of a target a few are named.
[[nodiscard]] std::string status_text(const MachineStatus& status);

// docs/formats.md, cordwainer-status/1.
[[nodiscard]] nlohmann::ordered_json status_json(const MachineStatus& status);

}  // namespace cordwainer::cli
