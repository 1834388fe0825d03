#include "cli/plan.h"

#include <memory>

#include "cli/output.h"
#include "cli/pipeline.h"
#include "cli/plan_text.h"
#include "model/plan_json.h"

namespace cordwainer::cli {
namespace {

constexpr const char* kDetails =
    R"(The plan is what `cordwainer image` would apply: it is made from the layout, the configuration and the generations of the system that the layout names, and nothing is written but, with --state, digests of kernels and initrds, which make the next run fast.

With --json the plan itself is printed, in the format cordwainer-plan/1; the same plan gives the same bytes.

Example:

  cordwainer plan --image layout.toml)";

Result<int> run(const std::string& layout, const Common& common) {
    Workspace workspace = Workspace::for_image(common);
    const ImagePlan planned = TRY(plan_image(layout, common, workspace).with_context("plan"));
    TRY_VOID(workspace.save().with_context("keep digests"));
    TRY_VOID(print(common.json ? render_plan(planned.plan) : render_plan_text(planned.plan)));
    warn(planned.warnings);
    warn(planned.plan.warnings);
    return kDone;
}

}  // namespace

Command plan_command() {
    return {
        .name = "plan",
        .summary = "shows what would be installed, without doing it",
        .declare = [](CLI::App& app) -> Run {
            auto layout = std::make_shared<std::string>();
            app.add_option("--image", *layout, "Plan for the disk image that LAYOUT describes")
                ->type_name("LAYOUT")
                ->required();
            refuse_root(app);
            return [layout](const Common& common) { return run(*layout, common); };
        },
        .details = kDetails,
    };
}

}  // namespace cordwainer::cli
