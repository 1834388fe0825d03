// From a bootloader and what is known to a plan. Pure: same input, same plan.
#pragma once

#include <vector>

#include "core/error.h"
#include "model/bootloader.h"
#include "model/generation.h"
#include "model/observed.h"
#include "model/plan.h"
#include "model/target.h"

namespace cordwainer {

// What the configuration asks for: the targets of each installer, in order. A tag that its
// bootloader does not have, two targets of one place, or a path with "." or "..", are refused
// with the configuration's location. Paths come without doubled and trailing slashes.
[[nodiscard]] Result<std::vector<TargetSpec>> configured_targets(const Bootloader& bootloader,
                                                                 const ConfigValue& config);

// "files", "esp", "esp.2": the id of each specification, in the same order.
[[nodiscard]] std::vector<TargetId> target_ids(const std::vector<TargetSpec>& specs);

// Runs every installer on each of its targets. Refuses a plan in which two steps write one file
// with different content, or a staged file lies outside its installer's own directory.
[[nodiscard]] Result<Plan> make_plan(const Bootloader& bootloader,
                                     const ConfigValue& config,
                                     const std::vector<Generation>& generations,
                                     const std::vector<Target>& targets,
                                     const Observed& observed);

}  // namespace cordwainer
