#include "cli/installed_plan.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "cli/former_targets.h"
#include "host/probe.h"
#include "host/record_files.h"

namespace cordwainer::cli {
namespace {

// The plan that was recorded with what boots by default.
void read_recorded(const Common& common, const Installed& installed, LivePlan& made) {
    if (!installed.boots) return;
    auto record = read_record(common.state, installed.boots->number);
    if (record && *record && (*record)->identity == installed.boots->identity) {
        made.recorded = std::move((*record)->plan);
        return;
    }
    made.warnings.push_back(fmt::format(
        "the record of generation {}, with which the menu was made, {}, so boot code is not "
        "compared: `cordwainer install` writes it again",
        installed.boots->number,
        record ? "is not there" : "cannot be read (" + record.error().message() + ")"));
}

}  // namespace

const PlannedTarget* planned_place(const RealisedPlan& plan, const PlannedTarget& known) {
    const auto found = std::ranges::find_if(plan.targets, [&](const PlannedTarget& planned) {
        const bool image = planned.spec.block.kind == BlockId::Kind::this_image &&
                           known.spec.type == TargetType::block;
        return image || same_place(planned, known);
    });
    return found == plan.targets.end() ? nullptr : &*found;
}

Result<Installed> what_is_installed(const Common& common) {
    auto installed = TRY(read_installed(common.state));
    if (installed) return *std::move(installed);
    return Error(Errc::not_found,
                 "nothing was installed here (there is no " + common.state +
                     "/installed.json): `cordwainer install` does it");
}

Result<LivePlan> installed_plan(const Common& common) {
    LivePlan made{.system = TRY(Root::open(common.root)),
                  .installed = TRY(what_is_installed(common))};
    const Installed& installed = *made.installed;
    made.plan.bootloader = installed.bootloader;
    read_recorded(common, installed, made);
    const Probe probe = TRY(Probe::open(made.system));
    const TargetLookup lookup = [&probe](const auto& specs, const auto& known) {
        return probe.targets(specs, known);
    };
    std::size_t former = 0;
    for (PlannedTarget target : installed.targets) {
        const PlannedTarget* planned =
            made.recorded ? planned_place(*made.recorded, target) : &target;
        if (planned) {
            target.id = planned->id;
        } else {
            ++former;
            target.id.text = former == 1 ? "former" : fmt::format("former.{}", former);
        }
        find_again(lookup, target, made.probed);
        made.plan.targets.push_back(std::move(target));
    }
    return made;
}

}  // namespace cordwainer::cli
