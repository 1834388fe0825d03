#include "cli/installed_plan.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "cli/former_targets.h"
#include "host/probe.h"
#include "host/record_files.h"

namespace cordwainer::cli {

Result<std::optional<RealisedPlan>> recorded_plan(const Common& common,
                                                  const Installed& installed) {
    if (!installed.boots) return std::nullopt;
    auto record = read_record(common.state, installed.boots->number);
    if (record && *record && (*record)->identity == installed.boots->identity)
        return std::optional(std::move((*record)->plan));
    const std::string what = fmt::format("record of generation {}, with which the menu was made, ",
                                         installed.boots->number);
    if (record) return Error(Errc::not_found, what + "is not there");
    Error error(record.error().code, what + "cannot be read (" + record.error().message() + ")");
    error.sys_errno = record.error().sys_errno;
    return error;
}

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
    auto recorded = recorded_plan(common, installed);
    if (recorded) {
        made.recorded = *std::move(recorded);
    } else {
        made.warnings.push_back("the " + recorded.error().message() +
                                ", so boot code is not compared: `cordwainer install` writes it "
                                "again");
    }
    const Probe probe = TRY(Probe::open(made.system));
    const TargetLookup lookup = lookup_in(probe);
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
