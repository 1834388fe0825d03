// The room that applying a plan takes on each volume at its peak, compared with what there is,
// before the first byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apply/survey.h"
#include "core/error.h"
#include "model/plan.h"

namespace cordwainer {

// A file system on which a plan has something to do.
struct VolumeRoom {
    std::string volume;                  // its UUID, or "target ID" where that is not known
    std::vector<PlannedTarget> targets;  // that lie on it; at least one
    std::uint64_t free = 0;              // bytes
    std::uint64_t needed = 0;            // bytes beyond what is taken now, at the peak
    std::int64_t change = 0;             // bytes that are taken more in the end

    // Bytes; 0 where it fits.
    [[nodiscard]] std::uint64_t missing() const;
};

// In the order in which apply() goes: the inventories *old ∪ new*; all that is staged; the commits,
// each with the old file beside the new one; what is removed; the inventories *new*. With what
// directories grow by, to within a block for each, and with the copies of programs that are made
// where the firmware takes no entry (FileRun::copies). Not counted is what a file system takes for
// its own records: blocks of extents, or trees of metadata.
//
// Only volumes on which the survey found something to do; none where room does not matter
// (FileTarget::free_space). Where a medium fails, `failed` is asked for each target on it, which is
// left out of the survey then.
[[nodiscard]] Result<std::vector<VolumeRoom>> measure_room(const RealisedPlan& plan,
                                                           Survey& survey,
                                                           const TargetFailed& failed = ends_all);

// no_space, naming every volume that is short, with its targets and the MiB that it needs, has and
// lacks.
[[nodiscard]] Result<void> check_room(const std::vector<VolumeRoom>& volumes);

// "target esp (/boot/efi)", "targets files (/boot/grub) and esp (/boot/efi)".
[[nodiscard]] std::string targets_text(const VolumeRoom& room);

// "41.3 MiB", to the tenth above.
[[nodiscard]] std::string mebibytes(std::uint64_t bytes);

}  // namespace cordwainer
