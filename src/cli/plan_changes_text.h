// The changes that installing would make, as text for people.
#pragma once

#include <string>

#include "cli/plan_changes.h"

namespace cordwainer::cli {

// At most a screen for an ordinary change; one line where there is nothing to do. Warnings are not
// in it.
[[nodiscard]] std::string render_changes(const PlanChanges& changes);

}  // namespace cordwainer::cli
