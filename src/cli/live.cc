#include "cli/live.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "bootloaders/registry.h"
#include "cli/generations_request.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "cli/recording.h"
#include "host/block_device.h"
#include "host/host_contents.h"
#include "host/live_files.h"
#include "host/package.h"
#include "model/planning.h"
#include "realise/object_store.h"
#include "realise/process_runner.h"
#include "realise/realise.h"

namespace cordwainer::cli {
namespace {

Result<void> choose(Generations& generations, std::uint64_t number) {
    if (std::ranges::find(generations.list, number, &Generation::number) ==
        generations.list.end()) {
        return Error(
            Errc::not_found,
            fmt::format("there is no generation {} (`cordwainer list` shows them)", number));
    }
    for (Generation& generation : generations.list) {
        generation.current = generation.number == number;
    }
    return {};
}

// One of several targets of a tag may be away: it is left for later. The only one may not.
Result<void> check_reached(const ProbedTargets& probed) {
    std::set<std::string> reached;
    for (const Target& target : probed.found) reached.insert(target.tag);
    for (const UnreachedTarget& target : probed.unreached) {
        if (reached.contains(target.spec.tag)) continue;
        return Error(Errc::not_found,
                     target.spec.location.text() + ": target " + target.id.text +
                         " is not there: " + target.why);
    }
    return {};
}

// A target that was not reached stays part of the plan, so that what it refers to is kept.
void add_unreached(const ProbedTargets& probed, const Bootloader& bootloader, Plan& plan) {
    for (const UnreachedTarget& target : probed.unreached) {
        const auto installer =
            std::ranges::find(bootloader.installers, target.spec.tag, &Installer::tag);
        plan.targets.push_back(
            {.id = target.id,
             .spec = target.spec,
             .uuid = std::nullopt,
             .own = installer == bootloader.installers.end() ? std::nullopt : installer->own});
        plan.warnings.push_back("target " + target.id.text +
                                " is not there and is left as it is: " + target.why);
    }
}

}  // namespace

Result<RunLock> lock_machine(const std::filesystem::path& state, bool wait) {
    return RunLock::take(state, [wait](const std::string& holder) {
        if (wait) complain("waiting for " + holder + ", which is at work here");
        return wait;
    });
}

Result<LivePlan> plan_live(const Common& common,
                           std::optional<std::uint64_t> generation,
                           Workspace& workspace) {
    const std::vector<Bootloader> bootloaders = all_bootloaders();
    LivePlan made{.system = TRY(Root::open(common.root)),
                  .config = TRY(load_config(common, bootloaders)),
                  .generations = {},
                  .bootloader = {},
                  .probed = {},
                  .plan = {},
                  .warnings = {}};
    GenerationsRequest request = generations_request(made.system, common, made.config.generations);
    request.digests = true;
    made.generations = TRY(read_generations(made.system, request, workspace.digests()));
    if (generation) TRY_VOID(choose(made.generations, *generation));
    made.warnings = warnings_about(made.generations);
    made.plan.bootloader = made.config.bootloader;
    made.bootloader = bootloader_named(bootloaders, made.config.bootloader);
    if (!made.bootloader) return made;
    const Bootloader& bootloader = *made.bootloader;

    const Probe probe = TRY(Probe::open(made.system));
    const auto specs = TRY(configured_targets(bootloader, made.config.table));
    made.probed = TRY(probe.targets(specs));
    std::ranges::copy(made.probed.warnings, std::back_inserter(made.warnings));
    TRY_VOID(check_reached(made.probed));
    const PackageRequest wanted = TRY(bootloader.package(made.config.table));
    const Root machine = TRY(Root::open("/"));
    const Observed observed{
        .volumes = probe.volumes(),
        .package = TRY(read_package(wanted,
                                    {.root = machine, .digests = workspace.machine_digests()},
                                    {.root = made.system, .digests = workspace.digests()}))};
    made.plan = TRY(make_plan(
        bootloader, made.config.table, made.generations.list, made.probed.found, observed));
    add_unreached(made.probed, bootloader, made.plan);
    return made;
}

Result<Ports> open_ports(const LivePlan& planned) {
    Ports ports;
    for (const PlannedTarget& target : planned.plan.targets) {
        const bool reached = std::ranges::find(planned.probed.found, target.id, &Target::id) !=
                             planned.probed.found.end();
        if (!reached) continue;
        const std::string where = "target " + target.id.text;
        if (target.spec.type == TargetType::file) {
            if (!target.own) {
                return Error(Errc::unsupported, where + " has no directory of its own");
            }
            ports.files.push_back(
                TRY(open_live_files(planned.system.path(), target.spec.path, *target.own)
                        .with_context(where)));
            ports.bindings.files[target.id] = ports.files.back().get();
        } else {
            ports.blocks.push_back(
                TRY(BlockDevice::open(planned.probed.devices.at(target.id)).with_context(where)));
            ports.bindings.blocks[target.id] = ports.blocks.back().get();
        }
    }
    return ports;
}

Result<RealisedPlan> realise_live(const LivePlan& planned,
                                  const std::filesystem::path& state,
                                  Progress& progress) {
    ObjectStore store(state, ObjectStore::Durability::durable);
    HostContents contents(planned.system, state);
    ProcessRunner runner;
    std::vector<Maker> makers;
    if (planned.bootloader) makers = planned.bootloader->makers;
    progress.phase("make boot files", 0);
    return realise(planned.plan, makers, store, contents, runner);
}

Result<LiveOutcome> install_live(const LivePlan& planned,
                                 Workspace& workspace,
                                 Trust trust,
                                 Progress& progress) {
    const std::filesystem::path state = TRY(workspace.state());
    const RealisedPlan realised = TRY(realise_live(planned, state, progress));
    const Ports ports = TRY(open_ports(planned));
    HostContents contents(planned.system, state);
    LiveOutcome outcome{.applied = apply(realised, ports.bindings, contents, progress, trust),
                        .recorded = {}};
    if (!outcome.applied.result) return outcome;
    outcome.recorded = record_installation(state,
                                           ObjectStore::Durability::durable,
                                           planned.generations,
                                           planned.config,
                                           realised,
                                           contents);
    return outcome;
}

}  // namespace cordwainer::cli
