// The plan: what installing means, as data. Planners make it, `plan` shows it, realise replaces its
// recipes, the executor runs it, a record keeps it. Its JSON form is in model/plan_json.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/source.h"
#include "model/step.h"
#include "model/target.h"

namespace cordwainer {

// A file that something installed names but that the plan does not write: a kernel read in place.
// What boots depends on it, so it must not go before the plan is replaced.
struct Reference {
    std::string path;  // inside the system
    Digest digest;
    std::uint64_t size = 0;
    TargetId target = {};  // where the file that names it lies; make_plan fills it in

    bool operator==(const Reference&) const = default;
};

// A target as a plan keeps it: by specification, never by what it was bound to.
struct PlannedTarget {
    TargetId id;
    TargetSpec spec;
    std::optional<Uuid> uuid;    // of the file system, to bind it to the same one again
    std::optional<RelPath> own;  // type file: the directory below it that cordwainer owns

    bool operator==(const PlannedTarget&) const = default;
};

// What a menu boots by default where that is not the current generation: the configuration chose
// it, or there is no current one.
struct OtherDefault {
    std::optional<std::uint64_t> generation;  // nothing: an entry that is no generation's, perhaps

    bool operator==(const OtherDefault&) const = default;
};

template <class S>
struct BasicPlan {
    std::string bootloader;
    std::optional<std::uint64_t> generation;  // the current one
    std::optional<OtherDefault> other_default;
    std::vector<PlannedTarget> targets;
    std::vector<BasicStep<S>> steps;  // in order; all stage steps take effect before any commit
    std::vector<Reference> references;
    std::vector<std::string> warnings;  // one sentence each, for the user

    bool operator==(const BasicPlan&) const = default;
};

// The generation that boots by default; nothing where that is something else, or not known.
template <class S>
[[nodiscard]] std::optional<std::uint64_t> default_of(const BasicPlan<S>& plan) {
    return plan.other_default ? plan.other_default->generation : plan.generation;
}

using Plan = BasicPlan<Source>;
using RealisedPlan = BasicPlan<RealisedSource>;

}  // namespace cordwainer
