// Verifying: every byte that cordwainer owns on a target, against what its inventory says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apply/ports.h"
#include "core/error.h"
#include "core/rel_path.h"
#include "model/plan.h"

namespace cordwainer {

// What is not as it was written.
struct Damage {
    enum class Kind {
        missing,
        changed,     // another content
        unreadable,  // the medium gives an error
        unfinished,  // a run that was cut off left it; running again settles it
    };
    RelPath path;  // below the target
    Kind kind = Kind::missing;
    std::string detail;  // unreadable: why

    bool operator==(const Damage&) const = default;
};

// "missing", "changed", "unreadable" or "unfinished".
[[nodiscard]] const char* kind_name(Damage::Kind kind);

struct Verified {
    bool known = false;  // whether there is an inventory
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;  // that the inventory has
    std::vector<Damage> damage;
    std::vector<Reference> references;  // that the inventory has
    std::vector<std::string> warnings;  // one sentence each: a lost inventory
};

// Reads every file of the inventory in the directory `own` of the target. An error only where the
// inventory itself cannot be read.
[[nodiscard]] Result<Verified> verify_files(FileTarget& target,
                                            const RelPath& own,
                                            Progress& progress);

}  // namespace cordwainer
