// Removes a generation from its system: the link of a Guix profile, or a directory of cordwainer's
// own. Only what names it goes; a store keeps its items until its own garbage collection.
#pragma once

#include <string>
#include <vector>

#include "apply/installed.h"
#include "core/error.h"
#include "host/profiles.h"
#include "sys/root.h"

namespace cordwainer {

// Durable when it returns. A generation that is gone already is none to remove. refused where the
// number is another generation's by now. A cut leaves the generation whole, or what
// removal_leftovers names.
[[nodiscard]] Result<void> remove_generation(const Root& root,
                                             const GenerationsRequest& request,
                                             const GenerationId& id);

// What is left of removals that were cut off.
struct RemovalLeftover {
    std::string path;         // inside the system
    std::uint64_t bytes = 0;  // of the files in it
};

[[nodiscard]] Result<std::vector<RemovalLeftover>> removal_leftovers(
    const Root& root, const GenerationsRequest& request);

[[nodiscard]] Result<void> remove_leftover(const Root& root, const std::string& path);

}  // namespace cordwainer
