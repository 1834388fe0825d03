#include "cli/installing.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "bootloaders/registry.h"
#include "cli/as_installed.h"
#include "cli/generation_marks.h"
#include "cli/generation_numbers.h"
#include "cli/live_report.h"
#include "cli/make_room.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/remove.h"

namespace cordwainer::cli {
namespace {

// Whether it was refused for want of room.
bool is_short(const LiveOutcome& outcome) {
    const ApplyOutcome& applied = outcome.applied;
    return !applied.result && !applied.changed && applied.result.error().code == Errc::no_space;
}

class Installation {
  public:
    Installation(const Installing& what, const Common& common, Workspace& workspace)
        : what_(what), common_(common), workspace_(workspace) {}

    Result<InstallEnd> all() {
        while (true) {
            Result<std::optional<InstallEnd>> end = attempt();
            if (end && *end) return **end;
            if (end) continue;
            if (deleted_.empty()) return std::move(end).error().with_context(what_.command);
            complain(end.error().message());
            return partial();
        }
    }

  private:
    // How it ended; nothing where room was made, and it is to be tried again.
    Result<std::optional<InstallEnd>> attempt() {
        const LivePlan planned = TRY(what_.plan());
        ErrorProgress progress;
        const Result<LiveOutcome> outcome =
            install_live(planned, workspace_, Trust::stamps, progress);
        progress.clear();
        if (!outcome) {
            warn(planned.warnings);
            return outcome.error();
        }
        if (is_short(*outcome)) return make_room(planned, outcome->applied.result.error());
        const int status =
            TRY(report_live(planned, *outcome, what_.command, common_.json, deleted_));
        return InstallEnd{.status = status, .installed = outcome->applied.result.has_value()};
    }

    Result<std::optional<InstallEnd>> make_room(const LivePlan& planned, const Error& missing) {
        const MarkedGenerations marked = TRY(read_marked(common_, workspace_.digests()));
        const Result<RoomAdvice> advice = advise_room(planned, common_, marked, workspace_);
        if (!advice) {
            return Error(Errc::no_space,
                         missing.message() +
                             "\nwhat deleting generations would free is not known: " +
                             advice.error().message());
        }
        const std::vector<GenerationId>& enough = advice->deletions.enough;
        if (!what_.make_room || enough.empty()) return refuse(missing, *advice);
        list(enough, marked);
        LiveRequest request = TRY(as_installed(common_, marked.generations, all_bootloaders()));
        const Removed removed =
            TRY(remove_generations(common_, std::move(request), enough, marked, workspace_));
        std::ranges::copy(removed.generations, std::back_inserter(deleted_));
        if (!common_.json && !removed.generations.empty()) {
            TRY_VOID(print(fmt::format("deleted: {}\n{}",
                                       fmt::join(numbers_of(removed.generations), ", "),
                                       waste_text(removed.waste, "removed"))));
        }
        for (const std::string& why : removed.not_done) complain(why);
        if (removed.not_done.empty()) return std::nullopt;
        return partial();
    }

    // Told before any of them goes.
    static void list(const std::vector<GenerationId>& enough, const MarkedGenerations& marked) {
        std::string text = "to make room, these generations are deleted:";
        for (const GenerationId& id : enough) {
            const Generation* generation = find_generation(marked.generations, id);
            text += fmt::format(
                "\n  {}  {}", id.number, generation ? generation->parameters.label : "");
        }
        complain(text);
    }

    Result<std::optional<InstallEnd>> refuse(const Error& missing, const RoomAdvice& advice) {
        const Error error = Error(missing).with_context(what_.command);
        complain(error.message() + "\n" + advice_text(advice, what_.command));
        if (!deleted_.empty()) return partial();
        if (common_.json) {
            Json json = error_json(error, error_name(error.code));
            json["room"] = advice_json(advice);
            TRY_VOID(print_json(json));
        }
        return InstallEnd{.status = kFailed};
    }

    // Something has changed, and the installation is still to come.
    [[nodiscard]] InstallEnd partial() const {
        complain(fmt::format(
            "{}what booted before still boots; run `cordwainer {} --make-room` "
            "again to complete what was begun",
            deleted_.empty() ? ""
                             : fmt::format("{}: deleted; ", fmt::join(numbers_of(deleted_), ", ")),
            what_.command));
        return {.status = kPartial};
    }

    const Installing& what_;
    const Common& common_;
    Workspace& workspace_;
    std::vector<GenerationId> deleted_;
};

}  // namespace

Result<InstallEnd> install_planned(const Installing& what,
                                   const Common& common,
                                   Workspace& workspace) {
    return Installation(what, common, workspace).all();
}

}  // namespace cordwainer::cli
