// Installing from the plan to the report, also where the plan does not fit.
#pragma once

#include <functional>
#include <string>

#include "cli/command.h"
#include "cli/live.h"
#include "cli/workspace.h"
#include "core/error.h"

namespace cordwainer::cli {

struct Installing {
    std::string command;  // to run again where it was stopped: "install", "switch 3"
    // Whether generations may be deleted where the plan does not fit.
    bool make_room = false;
    std::function<Result<LivePlan>()> plan;  // asked again when there is room
};

struct InstallEnd {
    int status = 0;          // the exit status
    bool installed = false;  // whether the plan was applied
};

// Installs the plan and tells what came of it. Where it does not fit, says which generations would
// free how much, and nothing is changed; with `make_room` the oldest of those that `delete` would
// delete are listed and deleted, as few as it takes, and the plan is made anew. Where even all of
// them are not enough none is. An error: nothing was changed but in the state directory.
[[nodiscard]] Result<InstallEnd> install_planned(const Installing& what,
                                                 const Common& common,
                                                 Workspace& workspace);

}  // namespace cordwainer::cli
