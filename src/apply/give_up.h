// What becomes of a run when one of its targets fails.
#pragma once

#include <vector>

#include "apply/executor.h"
#include "apply/survey.h"
#include "model/plan.h"

namespace cordwainer {

// As Bindings::give_up_failing says: a target that the others can do without is noted in `failed`,
// and they go on; any other ends the run, and so does a signal. Refers to all three.
[[nodiscard]] TargetFailed giving_up(const RealisedPlan& plan,
                                     const Bindings& bindings,
                                     std::vector<FailedTarget>& failed);

}  // namespace cordwainer
