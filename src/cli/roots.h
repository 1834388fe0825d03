// Keeps Guix's garbage collector away from what boots (host/gc_roots.h).
#pragma once

#include <filesystem>

#include "cli/live.h"
#include "core/error.h"

namespace cordwainer::cli {

// Roots what the planned menu needs, before the first byte of it is written. What was rooted stays.
[[nodiscard]] Result<void> root_menu(const LivePlan& planned);

// Once that menu is installed and the old one is gone: removes the roots that neither it nor a
// record in `state` needs.
[[nodiscard]] Result<void> prune_roots(const LivePlan& planned, const std::filesystem::path& state);

}  // namespace cordwainer::cli
