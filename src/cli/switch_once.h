// `cordwainer switch --once`: a generation of the installed menu boots once, then the default
// again.
#pragma once

#include "cli/command.h"
#include "core/error.h"
#include "model/generation.h"
#include "sys/root.h"

namespace cordwainer::cli {

// Writes nothing but what asks the loader for it: no default, no profile, no menu. refused, with
// what to do instead, where the installed menu does not have the generation, and where the loader
// could not take away what asks for it. The run's lock must be held.
[[nodiscard]] Result<int> switch_once(const Root& system,
                                      const Generation& generation,
                                      const Common& common);

}  // namespace cordwainer::cli
