#include "cli/install.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/live.h"
#include "cli/live_report.h"
#include "cli/output.h"
#include "cli/progress.h"

namespace cordwainer::cli {
namespace {

struct Options {
    std::optional<std::uint64_t> generation;
    std::vector<std::string> forget;
    bool no_wait = false;
};

constexpr const char* kDetails =
    R"(The configuration says which bootloader is installed and where; the menu gets all generations of the system, and the current one, or generation N, boots by default.

Everything that is new is written first, under names that nothing refers to; then what boots is switched, each place by one step that a power cut does not divide; then what is no longer needed is removed. Before the first byte it is known that everything fits. Whenever a run is cut off, the machine boots the old menu or the new one, and running again completes it.

A place that an earlier configuration named, or another bootloader had, is cleared of what cordwainer owns there once the new menu is in its place. Where it is not there, nothing is removed anywhere until it is, or until it is given up with --forget.

With nothing to do nothing is written. Only one run works at a time; a second one says which process it waits for.

Where one of several EFI system partitions or disks is not there, the others are served, the status is 3, and nothing that it may refer to is removed.

Example:

  cordwainer install)";

Result<int> run(const Options& options, const Common& common) {
    const RunLock held = TRY(lock_machine(common.state, !options.no_wait).with_context("install"));
    Workspace workspace = Workspace::for_machine(common);
    const LivePlan planned = TRY(
        plan_live(common, {.generation = options.generation, .forget = options.forget}, workspace)
            .with_context("install"));
    ErrorProgress progress;
    const Result<LiveOutcome> outcome = install_live(planned, workspace, Trust::stamps, progress);
    progress.clear();
    if (!outcome) {
        warn(planned.warnings);
        return Error(outcome.error()).with_context("install");
    }
    return report_live(planned, *outcome, "install", common.json);
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
            app.add_option("--forget",
                           options->forget,
                           "Give up the target of an earlier installation that is named PLACE")
                ->type_name("PLACE");
            app.add_flag("--no-wait",
                         options->no_wait,
                         "End with status 1 where another run is at work, instead of waiting");
            return [options](const Common& common) { return run(*options, common); };
        },
        .details = kDetails,
    };
}

}  // namespace cordwainer::cli
