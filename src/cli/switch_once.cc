#include "cli/switch_once.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "apply/installed.h"
#include "apply/record.h"
#include "bootloaders/grub/bootloader.h"
#include "bootloaders/grub/environment.h"
#include "cli/once.h"
#include "cli/output.h"
#include "host/host_contents.h"
#include "host/probe.h"
#include "host/record_files.h"

namespace cordwainer::cli {
namespace {

Error refusal(const std::string& why) {
    return {Errc::refused, why + "\nnothing was changed"};
}

// What is installed, and its plan.
Result<RealisedPlan> installed_plan(const Installed& installed, const Common& common) {
    if (!installed.boots) return refusal("no menu of a generation is installed");
    auto record = TRY(read_record(common.state, installed.boots->number));
    if (record && record->identity == installed.boots->identity) return std::move(record->plan);
    return refusal(
        fmt::format("the record of generation {}, with which the menu was made, is missing: "
                    "`cordwainer install` writes it again",
                    installed.boots->number));
}

// Where GRUB's menu lies that does not look for an entry to boot once.
Error why_grub_does_not(const RealisedPlan& plan, const Root& system) {
    const auto files = std::ranges::find_if(
        plan.targets, [](const PlannedTarget& target) { return target.spec.tag == "files"; });
    if (files == plan.targets.end()) return refusal("the installed menu is not known");
    const Result<Probe> probe = Probe::open(system);
    if (!probe) return probe.error();
    const Result<ProbedTargets> probed = probe->targets({files->spec});
    if (!probed) return probed.error();
    const bool found = !probed->found.empty() && probed->found.front().boot.volume;
    const auto why =
        found ? grub::why_not_written(*probed->found.front().boot.volume) : std::nullopt;
    if (!why) {
        return refusal(
            "the installed menu does not look for an entry to boot once: `cordwainer install` "
            "makes one that does");
    }
    return refusal(fmt::format(
        "GRUB's directory {} {}, where GRUB cannot write, so it could not take back that an entry "
        "boots once, and would boot it for ever. Choose the entry in its menu, or put `files` on "
        "a plain partition with ext4, xfs or vfat. `switch --boot-only` makes a generation the "
        "default, and goes back the same way",
        files->spec.path,
        *why));
}

// Why the menu has no entry of it.
Error why_no_entry(const Generation& generation, const RealisedPlan& plan, const Common& common) {
    const auto record = read_record(common.state, generation.number);
    const bool other = record && *record && (*record)->identity == generation.identity &&
                       (*record)->bootloader != plan.bootloader;
    if (!other) {
        return refusal(fmt::format(
            "generation {} has no entry in the installed menu of {}: `cordwainer plan` says why it "
            "is left out",
            generation.number,
            plan.bootloader));
    }
    return refusal(fmt::format(
        "generation {} was installed with {} and has no entry in the menu of {}. Nothing of {} is "
        "left that the firmware could start once (BootNext): `cordwainer switch {}` installs it, "
        "and `cordwainer switch {}` goes back",
        generation.number,
        (*record)->bootloader,
        plan.bootloader,
        (*record)->bootloader,
        generation.number,
        plan.generation.value_or(0)));
}

Result<void> report(const Generation& generation,
                    const Installed& installed,
                    const OnceStore& store,
                    bool changed,
                    const Common& common) {
    const auto then = default_of(installed);
    if (common.json) {
        return print_json({{"format", "cordwainer-once/1"},
                           {"bootloader", installed.bootloader},
                           {"generation", generation.number},
                           {"then", then ? Json(then->number) : Json()},
                           {"variable", store.variable()},
                           {"changed", changed}});
    }
    return print(fmt::format("generation {} boots next, once; then {} again{}\n",
                             generation.number,
                             then ? std::to_string(then->number) : "the menu's default",
                             changed ? "" : " (nothing to do: that was asked for already)"));
}

}  // namespace

Result<int> switch_once(const Root& system, const Generation& generation, const Common& common) {
    const std::optional<Installed> installed = TRY(read_installed(common.state));
    if (!installed || installed->bootloader == "none") {
        return refusal(
            "no bootloader is installed here that could boot it: see `cordwainer "
            "install`");
    }
    if (std::ranges::count(installed->generations, id_of(generation)) == 0) {
        return refusal(fmt::format(
            "generation {} is not in the installed menu: `cordwainer install` puts it there",
            generation.number));
    }
    const RealisedPlan plan = TRY(installed_plan(*installed, common));
    const auto store = OnceStore::of(installed->bootloader, installed->targets, system);
    if (!store) return refusal(installed->bootloader + " cannot boot an entry once");
    if (plan.bootloader == grub::kName && !provides_block(plan)) {
        return why_grub_does_not(plan, system);
    }
    HostContents contents(system, common.state);
    const auto entry = TRY(once_entry(plan, generation.number, contents));
    if (!entry) return why_no_entry(generation, plan, common);
    const auto before = store->read();
    if (!before && before.error().code == Errc::corrupt) {
        return refusal(before.error().message() + "; `cordwainer install` makes a new one");
    }
    if (!before) return before.error();
    const bool changed = *before != entry;
    if (changed) TRY_VOID(store->write(*entry));
    for (const std::string& problem : generation.problems) {
        complain(fmt::format("generation {} may not boot: {}", generation.number, problem));
    }
    TRY_VOID(report(generation, *installed, *store, changed, common));
    return kDone;
}

}  // namespace cordwainer::cli
