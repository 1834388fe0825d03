// What is installed, as the state directory knows it. Nothing is planned: what is needed to plan,
// as a bootloader's package, may be gone, and the configuration may say something else by now.
#pragma once

#include <optional>

#include "apply/installed.h"
#include "cli/command.h"
#include "cli/live.h"
#include "core/error.h"
#include "model/plan.h"

namespace cordwainer::cli {

// not_found, with what to do, where nothing was installed.
[[nodiscard]] Result<Installed> what_is_installed(const Common& common);

// The plan that was recorded with what boots by default; nothing where no generation does. An error
// says, after "the ", that its record is lost.
[[nodiscard]] Result<std::optional<RealisedPlan>> recorded_plan(const Common& common,
                                                                const Installed& installed);

// The target of `plan` that is at the place of `known`; null where there is none. An image was made
// with its own file as the disk.
[[nodiscard]] const PlannedTarget* planned_place(const RealisedPlan& plan,
                                                 const PlannedTarget& known);

// The targets of all installations so far, as they are found now: with the ids that the recorded
// plan of what boots by default has for them, else "former", "former.2" and so on. `recorded` is
// that plan, or none where its record is lost, of which a warning tells. Neither generations nor
// the configuration are read. not_found where nothing was installed.
[[nodiscard]] Result<LivePlan> installed_plan(const Common& common);

}  // namespace cordwainer::cli
