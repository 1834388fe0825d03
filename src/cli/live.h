// The pipeline on a machine that lives: read, probe, plan, realise, apply, record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apply/executor.h"
#include "apply/installed.h"
#include "apply/ports.h"
#include "apply/record.h"
#include "apply/survey.h"
#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/workspace.h"
#include "core/error.h"
#include "host/probe.h"
#include "host/run_lock.h"
#include "model/bootloader.h"
#include "model/generation.h"
#include "model/observed.h"
#include "model/plan.h"
#include "sys/root.h"

namespace cordwainer::cli {

// What is asked of an installation.
struct LiveRequest {
    // The generation to boot by default; none: the default that was kept, or else the system's
    // current one.
    std::optional<std::uint64_t> generation = {};
    // Where no generation is named: that which boots by default now does so afterwards.
    bool stay = false;
    // Whether later runs keep that default although the system's current one is another.
    bool keep = false;
    // Whether that default is where a switch goes, which the next run goes on with if this one is
    // cut off.
    bool switches = false;
    // Whether that default is to boot next: a boot that was asked for once is given up.
    bool ends_once = false;
    // Instead of the configuration file's.
    std::optional<Configuration> config = {};
    // Targets of earlier installations that are given up: the paths, or devices and the like, by
    // which they were named.
    std::vector<std::string> forget = {};
    // Generations that are planned without, although they are there.
    std::vector<GenerationId> without = {};
};

// What an installation will be, with everything that was read to decide it.
struct LivePlan {
    Root system;
    Configuration config = {};
    Generations generations = {};               // with the chosen one as the current
    std::optional<Bootloader> bootloader = {};  // none where the configuration says "none"
    ProbedTargets probed = {};                  // those of the plan, and the former ones
    Observed observed = {};                     // that was planned with
    Plan plan = {};                             // its targets include those that were not reached
    // What is applied instead of `plan`, which has no steps then (rebind_live).
    std::optional<RealisedPlan> recorded = {};
    // Targets that the plan does not have, but an earlier installation had (cli/former_targets.h):
    // what is owned there is removed.
    std::vector<PlannedTarget> former = {};
    std::optional<Installed> installed = {};  // by the run before
    std::optional<GenerationId> kept = {};    // from now on
    // Installed::switching, from before what boots changes; and whether it is the profile's link
    // that is still to follow when this run is done.
    std::optional<GenerationId> switching = {};
    bool link_follows = false;
    bool ends_once = false;                  // as LiveRequest
    std::vector<std::string> warnings = {};  // what was read and left out; the plan has its own
};

// Takes the lock of the state directory. Where another run has it, says who, and waits; without
// `wait` that is refused.
[[nodiscard]] Result<RunLock> lock_machine(const std::filesystem::path& state, bool wait);

// Reads, probes and plans; writes nothing. not_found where there is no generation of the wanted
// number, and where none of a tag's targets is there, with why.
[[nodiscard]] Result<LivePlan> plan_live(const Common& common,
                                         const LiveRequest& request,
                                         Workspace& workspace);

// What plan_live() would have planned without some of the generations. Reads nothing.
[[nodiscard]] Result<Plan> plan_without(const LivePlan& planned,
                                        const std::vector<GenerationId>& gone);

// As plan_live() for a plan that is recorded, instead of one that is made now: binds its targets
// again. refused where one is not there, or is on another file system than then.
[[nodiscard]] Result<LivePlan> rebind_live(const Common& common,
                                           const LiveRequest& request,
                                           const Record& record,
                                           Workspace& workspace);

// The targets that were reached, opened; bound to their ids. Those whose medium fails are not.
struct Ports {
    std::vector<std::unique_ptr<FileTarget>> files;
    std::vector<std::unique_ptr<BlockTarget>> blocks;
    std::unique_ptr<FirmwareEntries> firmware;
    Bindings bindings;
};

[[nodiscard]] Result<Ports> open_ports(const LivePlan& planned);

// The plan with every recipe run; its objects in the state directory.
[[nodiscard]] Result<RealisedPlan> realise_live(const LivePlan& planned,
                                                const std::filesystem::path& state,
                                                Progress& progress);

// What applying came to. `applied` as ApplyOutcome has it: where `changed`, running again completes
// it; what `failed` is as if it had not been reached.
struct LiveOutcome {
    ApplyOutcome applied;
    Result<void> recorded;
};

// Realises the plan, if it is not a recorded one, applies it to the targets that were reached, and
// records it; keeps the workspace's digests. With Trust::contents every installed file is read, and
// damage repaired. An error: nothing was changed but in the state directory.
[[nodiscard]] Result<LiveOutcome> install_live(const LivePlan& planned,
                                               Workspace& workspace,
                                               Trust trust,
                                               Progress& progress);

}  // namespace cordwainer::cli
