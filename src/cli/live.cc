#include "cli/live.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "bootloaders/registry.h"
#include "bootloaders/systemd_boot/config.h"
#include "cli/former_targets.h"
#include "cli/generations_request.h"
#include "cli/once_kept.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "cli/recording.h"
#include "cli/roots.h"
#include "host/block_device.h"
#include "host/firmware_entries.h"
#include "host/firmware_partition.h"
#include "host/firmware_variables.h"
#include "host/host_contents.h"
#include "host/live_files.h"
#include "host/loader_default.h"
#include "host/package.h"
#include "host/record_files.h"
#include "model/planning.h"
#include "realise/object_store.h"
#include "realise/process_runner.h"
#include "realise/realise.h"

namespace cordwainer::cli {
namespace {

// Makes the generation that boots by default the current one.
Result<void> choose(Generations& generations, std::uint64_t number) {
    TRY_VOID(generation_of(generations, number));
    for (Generation& generation : generations.list) {
        generation.current = generation.number == number;
    }
    return {};
}

// What the system and the runs before mean to boot by default, where this run is not told. Says
// what of it ends.
void choose_meant(LivePlan& made) {
    if (!made.installed) return;
    const Installed& before = *made.installed;
    if (const auto open = open_switch(before, current_of(made.generations))) {
        const std::string begun =
            fmt::format("the switch to generation {}, which did not end,", open->number);
        if (const auto why = why_ended(open, before, made.generations)) {
            made.warnings.push_back(fmt::format("{} is given up: {}", begun, *why));
        } else {
            made.warnings.push_back(fmt::format(
                "{0} is gone on with; `cordwainer switch {1}` completes it, and a switch "
                "to another one ends it",
                begun,
                open->number));
            made.switching = open;
            made.link_follows = true;
            return;
        }
    }
    if (const auto why = why_ended(before.kept, before, made.generations)) {
        made.warnings.push_back(
            fmt::format("the default of `switch --boot-only`, generation {}, is given up: {}",
                        before.kept->number,
                        *why));
    } else {
        made.kept = before.kept;
    }
}

// Where a switch is to be noted: the next run would not go there by itself, if this one is cut off.
void note_switch(const LiveRequest& request, const GenerationId& wanted, LivePlan& made) {
    const Generation* linked = current_of(made.generations);
    const bool is_linked = linked && id_of(*linked) == wanted;
    made.link_follows = !request.keep && !is_linked;
    std::optional<GenerationId> next = linked ? std::optional(id_of(*linked)) : std::nullopt;
    if (made.installed) {
        const Installed& before = *made.installed;
        if (before.kept && !why_ended(before.kept, before, made.generations)) next = before.kept;
        if (before.switching) next.reset();  // the one that did not end, or this one, once more
    }
    if (next != wanted) made.switching = wanted;
}

Result<void> choose_default(const LiveRequest& request, LivePlan& made) {
    if (!request.generation) {
        choose_meant(made);
        std::optional<GenerationId> wanted;
        if (request.stay && made.installed) wanted = made.installed->boots;
        if (made.kept) wanted = made.kept;
        if (made.switching) wanted = made.switching;
        if (!wanted || !find_generation(made.generations, *wanted)) return {};
        return choose(made.generations, wanted->number);
    }
    const GenerationId wanted = id_of(TRY(generation_of(made.generations, *request.generation)));
    if (request.switches) note_switch(request, wanted, made);
    if (request.keep) made.kept = wanted;
    return choose(made.generations, wanted.number);
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

// The targets that the run before knew and the plan has not: what is owned there goes.
Result<void> add_former(const Probe& probe, const LiveRequest& request, LivePlan& made) {
    const bool uefi = TRY(made.system.status("/sys/firmware/efi")).has_value();
    FormerTargets former = TRY(find_former(
        {.known = made.installed ? made.installed->targets : std::vector<PlannedTarget>(),
         .planned = made.plan.targets,
         .bootloader = made.bootloader ? &*made.bootloader : nullptr,
         .uefi = uefi,
         .forget = request.forget},
        lookup_in(probe),
        made.probed));
    made.former = std::move(former.targets);
    std::ranges::move(former.warnings, std::back_inserter(made.warnings));
    return {};
}

// What is read before planning: the system, its configuration and its generations.
Result<LivePlan> read_live(const Common& common,
                           const LiveRequest& request,
                           const std::vector<Bootloader>& bootloaders,
                           Workspace& workspace) {
    LivePlan made{.system = TRY(Root::open(common.root)),
                  .installed = TRY(read_installed(common.state)),
                  .ends_once = request.ends_once};
    made.config = request.config ? *request.config : TRY(load_config(common, bootloaders));
    GenerationsRequest wanted = generations_request(made.system, common, made.config.generations);
    wanted.digests = true;
    made.generations = TRY(read_generations(made.system, wanted, workspace.digests()));
    std::erase_if(made.generations.list, [&](const Generation& generation) {
        return std::ranges::count(request.without, id_of(generation)) != 0;
    });
    TRY_VOID(choose_default(request, made));
    std::ranges::move(warnings_about(made.generations), std::back_inserter(made.warnings));
    for (const std::string& path : workspace.digests().altered()) {
        made.warnings.push_back(made.system.outside(path) +
                                " is not what it was when it was read last, although it lies in a "
                                "store, where nothing changes; if it was not built anew, " +
                                restore_advice(path));
    }
    return made;
}

// What is installed when all is done.
Installed installed_after(const LivePlan& planned, const std::vector<FailedTarget>& failed) {
    Installed installed = installed_by(planned.plan, planned.generations, planned.plan.targets);
    installed.kept = planned.kept;
    if (planned.link_follows) installed.switching = planned.switching;
    const auto away = [&](const PlannedTarget& target) {
        return std::ranges::count(planned.probed.found, target.id, &Target::id) == 0 ||
               std::ranges::count(failed, target.id, &FailedTarget::id) != 0;
    };
    std::vector<PlannedTarget> kept;
    std::ranges::copy_if(planned.former, std::back_inserter(kept), away);
    // Where a target is away nothing is removed, also not from the others.
    if (!kept.empty() || std::ranges::any_of(planned.plan.targets, away)) kept = planned.former;
    installed.targets = with_targets(std::move(installed.targets), kept);
    // One that is away has not told its UUID.
    for (PlannedTarget& target : installed.targets) {
        if (target.uuid || !planned.installed) continue;
        const auto known = std::ranges::find_if(
            planned.installed->targets,
            [&](const PlannedTarget& before) { return same_place(before, target); });
        if (known != planned.installed->targets.end()) target.uuid = known->uuid;
    }
    return installed;
}

Result<void> note_installed(const std::filesystem::path& state,
                            const std::optional<Installed>& known,
                            const Installed& installed) {
    // As text: where a target stands in a configuration file is not kept.
    if (known && render_installed(*known) == render_installed(installed)) return {};
    return write_installed(state, installed);
}

// The list of the machine's firmware, as the system sees it. Nothing of it is read before a target
// asks for an entry.
std::unique_ptr<FirmwareEntries> firmware_of(const LivePlan& planned) {
    const auto place_of = [&planned](const TargetId& id) -> Result<LiveFirmwareEntries::Place> {
        const auto target = std::ranges::find(planned.probed.found, id, &Target::id);
        if (target == planned.probed.found.end()) {
            return Error(Errc::not_found, "target " + id.text + " is not there");
        }
        const std::string offset = target->boot.offset.value_or("");
        return LiveFirmwareEntries::Place{
            .partition = TRY(firmware_partition(planned.system, target->spec.path)),
            .directory = offset.substr(std::min<std::size_t>(offset.size(), 1))};
    };
    return std::make_unique<LiveFirmwareEntries>(
        FirmwareVariables(planned.system.outside(kFirmwareVariables)), place_of);
}

// What is stored in the firmware for systemd-boot would beat the default that was just installed.
void clear_stored_default(const LivePlan& planned, ApplyOutcome& applied) {
    if (planned.plan.bootloader != systemd_boot::kName) return;
    const auto cleared =
        clear_loader_default(FirmwareVariables(planned.system.outside(kFirmwareVariables)));
    if (!cleared) {
        applied.warnings.push_back(
            "what is stored in the firmware overrides the chosen default, and "
            "could not be cleared (`bootctl set-default \"\"` does it): " +
            cleared.error().message());
    } else if (*cleared) {
        applied.changed = true;
        applied.warnings.push_back("the firmware had \"" + **cleared +
                                   "\" stored as systemd-boot's default (`bootctl set-default`), "
                                   "which overrides the chosen one; that is cleared");
    }
}

// Whether a target was opened. One whose medium fails is noted as such; anything else that is
// wrong with it ends the run.
template <class T>
Result<bool> is_open(const Result<T>& opened, const TargetId& id, Bindings& bindings) {
    if (opened) return true;
    if (opened.error().code != Errc::io) return opened.error();
    bindings.failing.emplace(id, opened.error());
    return false;
}

// Applies the realised plan and records it, as install_live() says.
Result<LiveOutcome> apply_live(const LivePlan& planned,
                               const RealisedPlan& realised,
                               Workspace& workspace,
                               Trust trust,
                               Progress& progress) {
    const std::filesystem::path state = TRY(workspace.state());
    const Result<void> digests_kept = workspace.save();
    const Ports ports = TRY(open_ports(planned));
    HostContents contents(planned.system, state);
    RealisedPlan all = realised;
    all.targets.insert(all.targets.end(), planned.former.begin(), planned.former.end());

    // Before the first byte is written anywhere it is known where bytes of ours may lie.
    Installed meanwhile = planned.installed.value_or(Installed{.bootloader = "none", .boots = {}});
    meanwhile.targets = with_targets(std::move(meanwhile.targets), planned.plan.targets);
    TRY_VOID(note_installed(state, planned.installed, meanwhile));
    TRY_VOID(root_menu(planned));

    std::optional<KeptOnce> once;
    Installed noted = meanwhile;
    const auto before_writing = [&]() -> Result<void> {
        once = TRY(KeptOnce::before(planned, realised, contents));
        Installed underway = meanwhile;
        if (planned.switching) underway.switching = planned.switching;
        const Installed before = std::exchange(noted, std::move(underway));
        TRY_VOID(note_installed(state, before, noted));
        return {};
    };
    LiveOutcome outcome{
        .applied = apply(all, ports.bindings, contents, progress, trust, before_writing),
        .recorded = {}};
    if (once) {
        if (outcome.applied.result) once->after(planned);
        if (once->changed()) outcome.applied.changed = true;
        std::ranges::copy(once->warnings(), std::back_inserter(outcome.applied.warnings));
    }
    if (!digests_kept) {
        outcome.applied.warnings.push_back(
            "digests are not kept, so the next run reads every kernel again: " +
            digests_kept.error().message());
    }
    if (!outcome.applied.result) {
        if (!outcome.applied.changed) outcome.recorded = note_installed(state, noted, meanwhile);
        return outcome;
    }
    clear_stored_default(planned, outcome.applied);
    outcome.recorded =
        note_installed(state, noted, installed_after(planned, outcome.applied.failed));
    if (!outcome.recorded) return outcome;
    outcome.recorded = record_installation(state,
                                           ObjectStore::Durability::durable,
                                           planned.generations,
                                           planned.config,
                                           realised,
                                           contents);
    // A menu on a target that was not reached may need what no other does.
    const bool replaced = outcome.applied.changed && planned.probed.unreached.empty() &&
                          outcome.applied.failed.empty();
    if (outcome.recorded && replaced) outcome.recorded = prune_roots(planned, state);
    return outcome;
}

}  // namespace

Result<RunLock> lock_machine(const std::filesystem::path& state, bool wait) {
    return RunLock::take(state, [wait](const std::string& holder) {
        if (wait) complain("waiting for " + holder + ", which is at work here");
        return wait;
    });
}

Result<LivePlan> plan_live(const Common& common, const LiveRequest& request, Workspace& workspace) {
    const std::vector<Bootloader> bootloaders = all_bootloaders();
    LivePlan made = TRY(read_live(common, request, bootloaders, workspace));
    const Probe probe = TRY(Probe::open(made.system));
    made.plan.bootloader = made.config.bootloader;
    made.bootloader = bootloader_named(bootloaders, made.config.bootloader);
    if (!made.bootloader) {
        TRY_VOID(add_former(probe, request, made));
        return made;
    }
    const Bootloader& bootloader = *made.bootloader;
    const auto specs = TRY(configured_targets(bootloader, made.config.table));
    made.probed = TRY(probe.targets(
        specs, made.installed ? made.installed->targets : std::vector<PlannedTarget>()));
    std::ranges::copy(made.probed.warnings, std::back_inserter(made.warnings));
    TRY_VOID(check_reached(made.probed));
    const PackageRequest wanted = TRY(bootloader.package(made.config.table));
    const Root machine = TRY(Root::open("/"));
    made.observed = {
        .volumes = probe.volumes(),
        .package = TRY(read_package(wanted,
                                    {.root = machine, .digests = workspace.machine_digests()},
                                    {.root = made.system, .digests = workspace.digests()}))};
    made.plan = TRY(make_plan(
        bootloader, made.config.table, made.generations.list, made.probed.found, made.observed));
    add_unreached(made.probed, bootloader, made.plan);
    TRY_VOID(add_former(probe, request, made));
    return made;
}

Result<Plan> plan_without(const LivePlan& planned, const std::vector<GenerationId>& gone) {
    if (!planned.bootloader) return planned.plan;
    std::vector<Generation> left = planned.generations.list;
    std::erase_if(left, [&](const Generation& generation) {
        return std::ranges::count(gone, id_of(generation)) != 0;
    });
    // Those of earlier installations are found too, but not planned for.
    std::vector<Target> targets = planned.probed.found;
    std::erase_if(targets, [&](const Target& target) {
        return std::ranges::count(planned.plan.targets, target.id, &PlannedTarget::id) == 0;
    });
    Plan plan =
        TRY(make_plan(*planned.bootloader, planned.config.table, left, targets, planned.observed));
    for (const PlannedTarget& target : planned.plan.targets) {
        if (std::ranges::count(plan.targets, target.id, &PlannedTarget::id) == 0) {
            plan.targets.push_back(target);
        }
    }
    return plan;
}

Result<LivePlan> rebind_live(const Common& common,
                             const LiveRequest& request,
                             const Record& record,
                             Workspace& workspace) {
    LivePlan made = TRY(read_live(common, request, {}, workspace));
    const Probe probe = TRY(Probe::open(made.system));
    made.plan.bootloader = record.plan.bootloader;
    made.plan.generation = record.plan.generation;
    made.plan.other_default = record.plan.other_default;
    made.plan.targets = record.plan.targets;
    made.plan.references = record.plan.references;
    made.plan.warnings = record.plan.warnings;
    made.recorded = record.plan;
    for (const PlannedTarget& target : record.plan.targets) {
        find_again(lookup_in(probe), target, made.probed);
        if (made.probed.unreached.empty()) continue;
        return Error(Errc::refused,
                     "target " + target.id.text + " (" + name_of(target.spec) +
                         ") is not there: " + made.probed.unreached.front().why);
    }
    TRY_VOID(add_former(probe, request, made));
    return made;
}

Result<Ports> open_ports(const LivePlan& planned) {
    Ports ports;
    std::vector<PlannedTarget> targets = planned.plan.targets;
    targets.insert(targets.end(), planned.former.begin(), planned.former.end());
    for (const PlannedTarget& target : targets) {
        const bool reached = std::ranges::find(planned.probed.found, target.id, &Target::id) !=
                             planned.probed.found.end();
        if (!reached) continue;
        const std::string where = "target " + target.id.text;
        if (target.spec.type == TargetType::file) {
            if (!target.own) {
                return Error(Errc::unsupported, where + " has no directory of its own");
            }
            auto opened = open_live_files(planned.system.path(), target.spec.path, *target.own);
            if (!TRY(is_open(opened, target.id, ports.bindings).with_context(where))) continue;
            ports.files.push_back(*std::move(opened));
            ports.bindings.files[target.id] = ports.files.back().get();
        } else {
            auto opened = BlockDevice::open(planned.probed.devices.at(target.id));
            if (!TRY(is_open(opened, target.id, ports.bindings).with_context(where))) continue;
            ports.blocks.push_back(*std::move(opened));
            ports.bindings.blocks[target.id] = ports.blocks.back().get();
        }
    }
    ports.firmware = firmware_of(planned);
    ports.bindings.firmware = ports.firmware.get();
    ports.bindings.give_up_failing = true;
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
    const RealisedPlan realised =
        planned.recorded ? *planned.recorded : TRY(realise_live(planned, state, progress));
    return apply_live(planned, realised, workspace, trust, progress);
}

}  // namespace cordwainer::cli
