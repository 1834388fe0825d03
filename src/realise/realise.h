// Realising a plan: recipes are run, texts become objects, and every source that is left is a file
// whose bytes exist.
#pragma once

#include <functional>
#include <vector>

#include "core/error.h"
#include "model/bootloader.h"
#include "model/contents.h"
#include "model/plan.h"
#include "realise/object_store.h"

namespace cordwainer {

// Runs each recipe of the plan once, unless the store has what its key made before. A recipe's
// inputs, recipes among them, are realised first, and their bytes checked against their digests.
// Scratch directories are made in TMPDIR and removed.
//
// unsupported: a recipe names a maker that is not in `makers`. Errors of makers are passed on, with
// the recipe's maker as context.
[[nodiscard]] Result<RealisedPlan> realise(const Plan& plan,
                                           const std::vector<Maker>& makers,
                                           ObjectStore& store,
                                           Contents& contents,
                                           Runner& runner);

// The plan as a record keeps it: every host file for which `rooted` is false (it may change or go
// while the record needs it) is copied into the store, and its source becomes that object. One that
// the store has already is not looked at.
[[nodiscard]] Result<RealisedPlan> import_sources(
    const RealisedPlan& plan,
    ObjectStore& store,
    Contents& contents,
    const std::function<bool(const HostFile&)>& rooted);

}  // namespace cordwainer
