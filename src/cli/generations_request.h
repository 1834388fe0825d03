// Which generations a command means, from its options and the configuration.
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/config_file.h"
#include "host/profiles.h"
#include "sys/root.h"

namespace cordwainer::cli {

// The state directory inside the system. Nothing where --state names one outside the root: native
// generations are part of the system, so none can be there.
[[nodiscard]] std::optional<std::string> state_inside(const Root& root, const Common& common);

// What the configuration asks for. Native generations are looked for in the system's own state
// directory, even where --state names one outside the root (for objects and digests).
[[nodiscard]] GenerationsRequest generations_request(const Root& root,
                                                     const Common& common,
                                                     const GenerationsConfig& config);

}  // namespace cordwainer::cli
