// Whether a file target is as it was installed, as far as sizes and stamps tell: no content is
// read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apply/ports.h"
#include "apply/verify.h"
#include "core/error.h"
#include "core/rel_path.h"
#include "model/plan.h"

namespace cordwainer::cli {

struct FilesState {
    bool known = false;       // whether there is an inventory
    std::uint64_t files = 0;  // that the inventory has
    std::uint64_t bytes = 0;
    std::vector<RelPath> programs;  // EFI programs that the inventory has
    std::vector<Damage> damage;     // missing, changed or unfinished
    // Files of the plan that the inventory does not have with that content: it missed a run, or was
    // never written.
    std::uint64_t outdated = 0;
    std::vector<Reference> references;  // that the inventory has
    std::vector<std::string> warnings;  // one sentence each: a lost inventory

    bool operator==(const FilesState&) const = default;
};

// Compares the inventory in `own` with what is there, and with the steps that `plan` has for the
// target `id`. An error only where the medium fails.
[[nodiscard]] Result<FilesState> look_at_files(FileTarget& target,
                                               const RelPath& own,
                                               const TargetId& id,
                                               const RealisedPlan& plan);

}  // namespace cordwainer::cli
