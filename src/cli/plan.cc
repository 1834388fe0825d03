#include "cli/plan.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/generation_marks.h"
#include "cli/live.h"
#include "cli/make_room.h"
#include "cli/output.h"
#include "cli/pipeline.h"
#include "cli/plan_changes.h"
#include "cli/plan_changes_text.h"
#include "cli/plan_text.h"
#include "host/host_contents.h"
#include "model/plan_json.h"
#include "realise/object_store.h"

namespace cordwainer::cli {
namespace {

constexpr const char* kPlanDetails =
    R"(The plan is what `cordwainer install` would apply to this machine, with generation N as the default if it is named, or, with --image, what `cordwainer image` would put into an image: it is made from the configuration, the generations, and the machine or the layout.

For this machine it shows what would change: the menu, and for each target what is written, replaced, switched, removed and kept, with sizes. With nothing to do that is one line. No installed file is read for it.

Nothing is written but, for an image with --state, digests of kernels and initrds, which make the next run fast.

With --json the plan itself is printed, in the format cordwainer-plan/1; the same plan gives the same bytes.

Examples:

  cordwainer plan
  cordwainer plan --image layout.toml)";

struct PlanOptions {
    std::optional<std::uint64_t> generation;
    std::string layout;
};

Result<int> show(const Plan& plan, const std::vector<std::string>& warnings, bool json) {
    TRY_VOID(print(json ? render_plan(plan) : render_plan_text(plan)));
    warn(warnings);
    warn(plan.warnings);
    return kDone;
}

// What installing would change on this machine.
Result<PlanChanges> changes_of(const LivePlan& planned, const std::filesystem::path& state) {
    const Ports ports = TRY(open_ports(planned));
    const ObjectStore store(state, ObjectStore::Durability::durable);
    HostContents contents(planned.system, state);
    return compare_plan({.plan = planned.plan,
                         .former = planned.former,
                         .generations = planned.generations,
                         .installed = planned.installed,
                         .made_by = [&](const Digest& key) { return store.made_by(key); }},
                        ports.bindings,
                        contents);
}

// What deleting generations would free.
Result<void> tell_advice(const LivePlan& planned,
                         const std::string& command,
                         const Common& common,
                         Workspace& workspace) {
    const MarkedGenerations marked = TRY(read_marked(common, workspace.digests()));
    const RoomAdvice advice = TRY(advise_room(planned, common, marked, workspace));
    complain(advice_text(advice, command));
    return {};
}

Result<int> show_changes(const LivePlan& planned,
                         const std::string& command,
                         const Common& common,
                         Workspace& workspace) {
    const PlanChanges changes = TRY(changes_of(planned, common.state).with_context("plan"));
    TRY_VOID(print(render_changes(changes)));
    warn(planned.warnings);
    warn(planned.plan.warnings);
    warn(changes.warnings);
    if (changes.fits) return kDone;
    const Result<void> told = tell_advice(planned, command, common, workspace);
    if (!told)
        warn({"what deleting generations would free is not known: " + told.error().message()});
    return kDone;
}

Result<int> run_plan(const PlanOptions& options, const Common& common) {
    if (options.layout.empty()) {
        Workspace workspace = Workspace::for_machine(common);
        const LivePlan planned = TRY(
            plan_live(common, {.generation = options.generation}, workspace).with_context("plan"));
        const std::string command =
            options.generation ? "install " + std::to_string(*options.generation) : "install";
        return common.json ? show(planned.plan, planned.warnings, true)
                           : show_changes(planned, command, common, workspace);
    }
    Workspace workspace = Workspace::for_image(common);
    const ImagePlan planned =
        TRY(plan_image(options.layout, common, workspace).with_context("plan"));
    TRY_VOID(workspace.save().with_context("keep digests"));
    return show(planned.plan, planned.warnings, common.json);
}

}  // namespace

Command plan_command() {
    return {
        .name = "plan",
        .summary = "shows what would be installed, without doing it",
        .declare = [] -> Declared {
            auto options = std::make_shared<PlanOptions>();
            return {.options = {{.names = {"N"},
                                 .meaning = "The generation that boots by default",
                                 .target = &options->generation},
                                {.names = {"--image"},
                                 .value = "LAYOUT",
                                 .meaning = "Plan for the disk image that LAYOUT describes, not "
                                            "for this machine",
                                 .target = &options->layout,
                                 .excludes = {{"N"}, layout_has_root()}}},
                    .run = [options](const Common& common) { return run_plan(*options, common); }};
        },
        .details = kPlanDetails,
    };
}

}  // namespace cordwainer::cli
