// Removing generations, so that no moment has a menu entry without its files: first the menu
// without them, then what names them, then what only they needed.
#pragma once

#include <string>
#include <vector>

#include "apply/installed.h"
#include "cli/command.h"
#include "cli/garbage.h"
#include "cli/generation_marks.h"
#include "cli/live.h"
#include "cli/workspace.h"
#include "core/error.h"

namespace cordwainer::cli {

// What came of it.
struct Removed {
    LivePlan planned;
    LiveOutcome outcome;
    std::vector<GenerationId> generations;  // that are gone
    std::vector<Waste> waste;               // that is gone with them
    // What was not done, one sentence each: then running the command again completes it.
    std::vector<std::string> not_done;
};

// Installs what `request` asks for without the generations `go`, and then removes these. Where the
// first is not complete, nothing is removed. An error: nothing was changed but in the state
// directory.
[[nodiscard]] Result<Removed> remove_generations(const Common& common,
                                                 LiveRequest request,
                                                 const std::vector<GenerationId>& go,
                                                 const MarkedGenerations& marked,
                                                 Workspace& workspace);

}  // namespace cordwainer::cli
