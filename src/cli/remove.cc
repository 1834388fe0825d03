#include "cli/remove.h"

#include <algorithm>
#include <utility>

#include "cli/progress.h"
#include "cli/roots.h"
#include "host/remove_generation.h"

namespace cordwainer::cli {
namespace {

// Why the menu may still have them somewhere; nothing where it has not.
std::vector<std::string> what_is_missing(const LivePlan& planned, const LiveOutcome& outcome) {
    std::vector<std::string> missing;
    if (!outcome.applied.result) missing.push_back(outcome.applied.result.error().message());
    if (!outcome.recorded) missing.push_back(outcome.recorded.error().message());
    for (const UnreachedTarget& target : planned.probed.unreached) {
        missing.push_back("target " + target.id.text +
                          " is not there, and its menu may have them: " + target.why);
    }
    for (const FailedTarget& target : outcome.applied.failed) {
        missing.push_back("target " + target.id.text +
                          " failed, and its menu may have them: " + target.why);
    }
    return missing;
}

bool is_among(const std::vector<GenerationId>& ids, const Generation& generation) {
    return std::ranges::count(ids, id_of(generation)) != 0;
}

}  // namespace

Result<Removed> remove_generations(const Common& common,
                                   LiveRequest request,
                                   const std::vector<GenerationId>& go,
                                   const MarkedGenerations& marked,
                                   Workspace& workspace) {
    request.without.insert(request.without.end(), go.begin(), go.end());
    LivePlan planned = TRY(plan_live(common, request, workspace));
    ErrorProgress progress;
    Result<LiveOutcome> outcome = install_live(planned, workspace, Trust::stamps, progress);
    progress.clear();
    if (!outcome) return std::move(outcome).error();
    if (!outcome->applied.result && !outcome->applied.changed) {
        return std::move(outcome->applied.result).error();
    }
    Removed removed{.planned = std::move(planned),
                    .outcome = *std::move(outcome),
                    .generations = {},
                    .waste = {},
                    .not_done = {}};
    removed.not_done = what_is_missing(removed.planned, removed.outcome);
    if (!removed.not_done.empty()) return removed;

    for (const GenerationId& id : go) {
        if (const auto done = remove_generation(marked.system, marked.request, id); done) {
            removed.generations.push_back(id);
        } else {
            removed.not_done.push_back(done.error().message());
        }
    }
    Generations left = marked.generations;
    std::erase_if(left.list, [&](const Generation& generation) {
        return is_among(removed.generations, generation);
    });
    Result<std::vector<Waste>> waste =
        find_waste(marked.system, common.state, marked.request, left, removed.planned.plan);
    Result<void> cleaned;
    if (waste) cleaned = remove_waste(*waste);
    if (!waste) cleaned = waste.error();
    if (cleaned) cleaned = prune_roots(removed.planned, common.state);
    if (!cleaned) removed.not_done.push_back(cleaned.error().message());
    if (cleaned && waste) removed.waste = *std::move(waste);
    return removed;
}

}  // namespace cordwainer::cli
