// Targets of earlier installations that a plan does not have any more.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/error.h"
#include "host/probe.h"
#include "model/bootloader.h"
#include "model/plan.h"
#include "model/target.h"

namespace cordwainer::cli {

// Probe::targets, or what stands for it.
using TargetLookup = std::function<Result<ProbedTargets>(const std::vector<TargetSpec>& specs,
                                                         const std::vector<PlannedTarget>& known)>;

// The lookup in a probe, which it refers to.
[[nodiscard]] TargetLookup lookup_in(const Probe& probe);

// What a person calls a target: its path, device, label or UUID.
[[nodiscard]] const std::string& name_of(const TargetSpec& spec);

// A target of an earlier installation, as it is now.
struct FoundAgain {
    Target target;                 // with its id of then
    std::filesystem::path device;  // the node of a block target; empty otherwise
};

// Looks for one target of an earlier installation. not_found where it is not there, or where
// another file system than then is.
[[nodiscard]] Result<FoundAgain> look_again(const TargetLookup& lookup,
                                            const PlannedTarget& target);

// The same; adds it to what `probed` has found or, on any error, not reached.
void find_again(const TargetLookup& lookup, const PlannedTarget& target, ProbedTargets& probed);

struct FormerRequest {
    std::vector<PlannedTarget> known;    // to which something was written
    std::vector<PlannedTarget> planned;  // what was found of them is in `probed`
    const Bootloader* bootloader;        // that is planned; null where none is
    bool uefi;                           // whether UEFI firmware has started the machine
    std::vector<std::string> forget;     // names of those that are given up
};

struct FormerTargets {
    // With ids "former", "former.2" and so on. A file target that is in `found` is to be cleared.
    // As long as one of these is not in `found`, nothing is to be removed anywhere.
    std::vector<PlannedTarget> targets;
    std::vector<std::string> warnings;
};

// The targets that are known and not planned, in `probed` where they were looked for.
//
// A place that has a new name only (another path of the same directory, another name of a disk) is
// none of them. A disk has nothing to be cleared: its boot sector keeps what is there. But boot
// code that a machine may still start needs its files, so such a disk is one of them, and never
// found: where its bootloader stays and only the disk is no target any more, and where that
// bootloader is replaced on a machine that no UEFI firmware has started.
//
// not_found where `forget` has a name that none of them has.
[[nodiscard]] Result<FormerTargets> find_former(const FormerRequest& request,
                                                const TargetLookup& lookup,
                                                ProbedTargets& probed);

}  // namespace cordwainer::cli
