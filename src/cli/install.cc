#include "cli/install.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/live.h"
#include "cli/output.h"
#include "cli/progress.h"

namespace cordwainer::cli {
namespace {

struct Options {
    std::optional<std::uint64_t> generation;
    bool no_wait = false;
};

constexpr const char* kDetails =
    R"(The configuration says which bootloader is installed and where; the menu gets all generations of the system, and the current one, or generation N, boots by default.

Everything that is new is written first, under names that nothing refers to; then what boots is switched, each place by one step that a power cut does not divide; then what is no longer needed is removed. Before the first byte it is known that everything fits. Whenever a run is cut off, the machine boots the old menu or the new one, and running again completes it.

With nothing to do nothing is written. Only one run works at a time; a second one says which process it waits for.

Where one of several EFI system partitions or disks is not there, the others are served, the status is 3, and nothing that it may refer to is removed.

Example:

  cordwainer install)";

nlohmann::ordered_json report(const LivePlan& planned,
                              const LiveOutcome& outcome,
                              const std::vector<std::string>& warnings) {
    using Json = nlohmann::ordered_json;
    Json unreached = Json::array();
    for (const UnreachedTarget& target : planned.probed.unreached) {
        unreached.push_back({{"target", target.id.text}, {"why", target.why}});
    }
    const auto& current = planned.plan.generation;
    return {{"format", "cordwainer-install/1"},
            {"bootloader", planned.plan.bootloader},
            {"generation", current ? Json(*current) : Json()},
            {"generations", planned.generations.list.size()},
            {"changed", outcome.applied.changed},
            {"unreached", unreached},
            {"warnings", warnings}};
}

std::string summary(const LivePlan& planned, const LiveOutcome& outcome) {
    if (!planned.bootloader) return "nothing is installed: the bootloader is \"none\"\n";
    if (!outcome.applied.changed) return "nothing to do: everything is installed as planned\n";
    return fmt::format("{} is installed, generations: {}{}\n",
                       planned.plan.bootloader,
                       planned.generations.list.size(),
                       planned.plan.generation
                           ? fmt::format(", by default {} boots", *planned.plan.generation)
                           : "");
}

// Tells what came of it; the status.
Result<int> conclude(const LivePlan& planned, const LiveOutcome& outcome, bool json) {
    std::vector<std::string> warnings = planned.warnings;
    for (const auto& more :
         {planned.plan.warnings, outcome.applied.warnings, outcome.applied.not_done}) {
        warnings.insert(warnings.end(), more.begin(), more.end());
    }
    if (!outcome.applied.result) {
        warn(warnings);
        if (!outcome.applied.changed) return outcome.applied.result.error();
        complain(outcome.applied.result.error().message());
        complain(
            "what booted before still boots; run `cordwainer install` again to complete what was "
            "begun");
        return kPartial;
    }
    const Result<void> printed =
        json ? print_json(report(planned, outcome, warnings)) : print(summary(planned, outcome));
    if (!json) warn(warnings);
    for (const Result<void>& done : {outcome.recorded, printed}) {
        if (!done) complain("everything is installed, but: " + done.error().message());
    }
    const bool complete = outcome.recorded && printed && planned.probed.unreached.empty();
    return complete ? kDone : kPartial;
}

Result<int> run(const Options& options, const Common& common) {
    const RunLock held = TRY(lock_machine(common.state, !options.no_wait).with_context("install"));
    Workspace workspace = Workspace::for_machine(common);
    const LivePlan planned =
        TRY(plan_live(common, options.generation, workspace).with_context("install"));
    TRY_VOID(workspace.save().with_context("keep digests"));
    ErrorProgress progress;
    const Result<LiveOutcome> outcome = install_live(planned, workspace, Trust::stamps, progress);
    progress.clear();
    if (!outcome) {
        warn(planned.warnings);
        return Error(outcome.error()).with_context("install");
    }
    return conclude(planned, *outcome, common.json);
}

}  // namespace

Command install_command() {
    return {
        .name = "install",
        .summary = "makes this machine boot its generations",
        .declare = [](CLI::App& app) -> Run {
            auto options = std::make_shared<Options>();
            app.add_option("N", options->generation, "The generation that boots by default")
                ->type_name("N");
            app.add_flag("--no-wait",
                         options->no_wait,
                         "End with status 1 where another run is at work, instead of waiting");
            return [options](const Common& common) { return run(*options, common); };
        },
        .details = kDetails,
    };
}

}  // namespace cordwainer::cli
