// A recorded plan that is applied again, because its bootloader cannot be planned any more.
#pragma once

#include <filesystem>

#include "apply/record.h"
#include "cli/live.h"
#include "core/error.h"
#include "host/digest_cache.h"

namespace cordwainer::cli {

// Whether all that the recorded plan needs is there as it was: every object and file with its
// digest, every file that its menu reads in place, and the place of every boot code. `rebound`:
// what rebind_live gave for it. refused, with a line for each that is missing.
[[nodiscard]] Result<void> check_replay(const Record& record,
                                        const LivePlan& rebound,
                                        const std::filesystem::path& state,
                                        DigestCache& digests,
                                        DigestCache& machine_digests);

}  // namespace cordwainer::cli
