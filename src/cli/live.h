// The pipeline on a machine that lives: read, probe, plan, realise, apply, record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apply/executor.h"
#include "apply/ports.h"
#include "apply/survey.h"
#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/workspace.h"
#include "core/error.h"
#include "host/probe.h"
#include "host/run_lock.h"
#include "model/bootloader.h"
#include "model/generation.h"
#include "model/plan.h"
#include "sys/root.h"

namespace cordwainer::cli {

// What an installation will be, with everything that was read to decide it.
struct LivePlan {
    Root system;
    Configuration config;
    Generations generations;               // with the chosen one as the current
    std::optional<Bootloader> bootloader;  // none where the configuration says "none"
    ProbedTargets probed;
    Plan plan;                          // its targets include those that were not reached
    std::vector<std::string> warnings;  // what was read and left out; the plan has its own
};

// Takes the lock of the state directory. Where another run has it, says who, and waits; without
// `wait` that is refused.
[[nodiscard]] Result<RunLock> lock_machine(const std::filesystem::path& state, bool wait);

// Reads, probes and plans; writes nothing. `generation`: the one to boot by default (none: the
// current one of the system); not_found where there is none of that number. not_found too where
// none of a tag's targets is there, with why.
[[nodiscard]] Result<LivePlan> plan_live(const Common& common,
                                         std::optional<std::uint64_t> generation,
                                         Workspace& workspace);

// The targets that were reached, opened; bound to their ids.
struct Ports {
    std::vector<std::unique_ptr<FileTarget>> files;
    std::vector<std::unique_ptr<BlockTarget>> blocks;
    Bindings bindings;
};

[[nodiscard]] Result<Ports> open_ports(const LivePlan& planned);

// The plan with every recipe run; its objects in the state directory.
[[nodiscard]] Result<RealisedPlan> realise_live(const LivePlan& planned,
                                                const std::filesystem::path& state,
                                                Progress& progress);

// What applying came to. `result` as ApplyOutcome has it: where `changed`, running again completes
// it.
struct LiveOutcome {
    ApplyOutcome applied;
    Result<void> recorded;
};

// Realises the plan, applies it to the targets that were reached, and records it. With
// Trust::contents every installed file is read, and damage repaired. An error: nothing was changed
// but objects in the state directory.
[[nodiscard]] Result<LiveOutcome> install_live(const LivePlan& planned,
                                               Workspace& workspace,
                                               Trust trust,
                                               Progress& progress);

}  // namespace cordwainer::cli
