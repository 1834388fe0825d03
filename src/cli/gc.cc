#include "cli/gc.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bootloaders/registry.h"
#include "cli/as_installed.h"
#include "cli/garbage.h"
#include "cli/generation_marks.h"
#include "cli/live.h"
#include "cli/output.h"

namespace cordwainer::cli {
namespace {

struct GcOptions {
    bool dry_run = false;
    bool no_wait = false;
};

constexpr const char* kGcDetails =
    R"(Removed are records and pins of generations that are gone, objects that no record needs and that no recipe of the plan of today made, the notes of such recipes, and what runs left behind that were cut off. What is installed is not touched.

Example:

  cordwainer gc --dry-run)";

Result<std::vector<Waste>> look(const MarkedGenerations& marked,
                                Workspace& workspace,
                                const Common& common) {
    const LiveRequest request = TRY(as_installed(common, marked.generations, all_bootloaders()));
    const LivePlan today =
        TRY(plan_live(common, request, workspace).with_context("plan what is needed today"));
    return find_waste(marked.system, common.state, marked.request, marked.generations, today.plan);
}

Result<int> run_gc(const GcOptions& options, const Common& common) {
    const RunLock held = TRY(lock_machine(common.state, !options.no_wait).with_context("gc"));
    Workspace workspace = Workspace::for_machine(common);
    const MarkedGenerations marked =
        TRY(read_marked(common, workspace.digests()).with_context("gc"));
    const std::vector<Waste> waste = TRY(look(marked, workspace, common).with_context("gc"));
    if (!options.dry_run) TRY_VOID(remove_waste(waste).with_context("gc"));
    if (common.json) {
        TRY_VOID(print_json({{"format", "cordwainer-gc/1"},
                             {"dry_run", options.dry_run},
                             {"removed", waste_json(waste)},
                             {"bytes", bytes_of(waste)}}));
    } else {
        const std::string text =
            waste_text(waste, options.dry_run ? "would be removed" : "removed");
        TRY_VOID(print(text.empty() ? "nothing to remove\n" : text));
    }
    return kDone;
}

}  // namespace

Command gc_command() {
    return {
        .name = "gc",
        .summary = "removes what nothing needs from the state directory",
        .declare = [] -> Declared {
            auto options = std::make_shared<GcOptions>();
            return {.options = {{.names = {"--dry-run"},
                                 .meaning = "Say what would be removed, and end",
                                 .target = &options->dry_run},
                                no_wait_option(options->no_wait)},
                    .run = [options](const Common& common) { return run_gc(*options, common); }};
        },
        .details = kGcDetails,
    };
}

}  // namespace cordwainer::cli
