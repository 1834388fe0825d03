// A plan that does not fit: what deleting generations would free, found by planning without them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/deletions.h"
#include "cli/generation_marks.h"
#include "cli/live.h"
#include "cli/workspace.h"
#include "core/error.h"

namespace cordwainer::cli {

struct RoomAdvice {
    Deletions deletions;
    std::optional<std::string> cannot;  // why nothing can be deleted now
    std::vector<std::uint64_t> pinned;  // generations that stay for their pin alone
};

// For a plan of install_live() that is short of room. Deleted may be those that `delete` would
// delete, that the plan does not boot by default, and of which a recorded plan reads no file that
// would go with them. Nothing is written.
[[nodiscard]] Result<RoomAdvice> advise_room(const LivePlan& planned,
                                             const Common& common,
                                             const MarkedGenerations& marked,
                                             Workspace& workspace);

// Which generations would free how much, and what to do: lines, without a line break at the end.
// `command` is the one that was short and has --make-room.
[[nodiscard]] std::string advice_text(const RoomAdvice& advice, const std::string& command);

// The same facts (docs/formats.md).
[[nodiscard]] nlohmann::ordered_json advice_json(const RoomAdvice& advice);

}  // namespace cordwainer::cli
