// What `install` and `switch` tell at their end.
#pragma once

#include <string>
#include <vector>

#include "apply/installed.h"
#include "cli/live.h"
#include "core/error.h"

namespace cordwainer::cli {

// Prints what came of applying `planned`, as text or as JSON of the format "cordwainer-COMMAND/1";
// the exit status, or the error where nothing was changed. `command` is the one to run again where
// it was stopped: "install", "switch 3". `deleted`: generations that went before, to make room.
[[nodiscard]] Result<int> report_live(const LivePlan& planned,
                                      const LiveOutcome& outcome,
                                      const std::string& command,
                                      bool json,
                                      const std::vector<GenerationId>& deleted = {});

}  // namespace cordwainer::cli
