#include "cli/make_room.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "apply/give_up.h"
#include "apply/room.h"
#include "apply/survey.h"
#include "bootloaders/registry.h"
#include "cli/as_installed.h"
#include "cli/foreseen.h"
#include "cli/generation_numbers.h"
#include "cli/output.h"
#include "cli/recording.h"
#include "host/host_contents.h"
#include "realise/object_store.h"

namespace cordwainer::cli {
namespace {

// The deletion and the installation after it, without doing either. Refers to both plans.
class Rehearsal {
  public:
    // `deleting`: the menu that is installed now, as it would be planned.
    static Result<Rehearsal> of(const LivePlan& installing,
                                const LivePlan& deleting,
                                const std::filesystem::path& state) {
        Ports to_install = TRY(open_ports(installing));
        Ports to_delete = TRY(open_ports(deleting));
        return Rehearsal(
            {&installing, std::move(to_install)}, {&deleting, std::move(to_delete)}, state);
    }

    Result<RoomWithout> without(const std::vector<GenerationId>& gone) {
        RoomWithout room;
        const ForeseenPlan next = TRY(planned(installing_, gone));
        std::vector<FailedTarget> failed;  // what is given up needs no room
        const TargetFailed give_up = giving_up(next.plan, installing_.ports.bindings, failed);
        Survey next_found = TRY(look(installing_, next, give_up));
        room.installing = TRY(measure_room(next.plan, next_found, give_up));
        if (gone.empty()) return room;
        const ForeseenPlan menu = TRY(planned(deleting_, gone));
        failed.clear();
        const TargetFailed give_up_menu = giving_up(menu.plan, deleting_.ports.bindings, failed);
        Survey menu_found = TRY(look(deleting_, menu, give_up_menu));
        keep_wanted(menu_found, next_found);
        room.deleting = TRY(measure_room(menu.plan, menu_found, give_up_menu));
        for (VolumeRoom& volume : room.installing) {
            const auto before =
                std::ranges::find(room.deleting, volume.volume, &VolumeRoom::volume);
            if (before == room.deleting.end()) continue;
            const std::int64_t free = static_cast<std::int64_t>(volume.free) - before->change;
            volume.free = static_cast<std::uint64_t>(std::max(free, std::int64_t{0}));
        }
        return room;
    }

  private:
    struct Act {
        const LivePlan* planned;
        Ports ports;
    };

    Rehearsal(Act installing, Act deleting, std::filesystem::path state)
        : installing_(std::move(installing)),
          deleting_(std::move(deleting)),
          state_(std::move(state)) {}

    Result<ForeseenPlan> planned(const Act& act, const std::vector<GenerationId>& gone) const {
        if (const auto& recorded = act.planned->recorded) {
            ForeseenPlan as_recorded{.plan = *recorded, .to_be_made = {}};
            std::ranges::copy(act.planned->former, std::back_inserter(as_recorded.plan.targets));
            return as_recorded;
        }
        const Plan plan = TRY(plan_without(*act.planned, gone));
        const ObjectStore store(state_, ObjectStore::Durability::durable);
        return foresee(
            plan, act.planned->former, [&](const Digest& key) { return store.made_by(key); });
    }

    [[nodiscard]] Result<Survey> look(const Act& act,
                                      const ForeseenPlan& foreseen,
                                      const TargetFailed& give_up) const {
        HostContents contents(act.planned->system, state_);
        NoCopies no_copies(contents);
        return survey(foreseen.plan, act.ports.bindings, no_copies, Trust::stamps, give_up);
    }

    // What goes with a generation and comes again with the installation frees nothing for it.
    static void keep_wanted(Survey& menu, const Survey& next) {
        for (auto& [id, run] : menu.files) {
            const auto same = std::ranges::find_if(next.files, [&](const auto& other) {
                return same_place(other.second.planned, run.planned);
            });
            if (same == next.files.end()) continue;
            const Inventory& wanted = same->second.after;
            std::erase_if(run.to_remove,
                          [&](const RelPath& path) { return wanted.files.contains(path); });
        }
    }

    Act installing_;
    Act deleting_;
    std::filesystem::path state_;
};

// Whether a recorded plan reads a file of the generation that goes with it.
bool is_needed(const RealisedPlan& recorded, const Generation& generation) {
    const std::string directory =
        fmt::format("{}/generations/{}/", kStateInside, generation.number);
    const auto reads = [&](const RealisedStep& step) {
        const auto file = file_step(step);
        const auto* source = file ? std::get_if<HostFile>(&file->source) : nullptr;
        return source && source->path.starts_with(directory);
    };
    return std::ranges::any_of(recorded.steps, reads) ||
           std::ranges::any_of(recorded.references, [&](const Reference& reference) {
               return reference.path.starts_with(directory);
           });
}

std::vector<GenerationId> deletable(const MarkedGenerations& marked, const LivePlan& planned) {
    std::vector<GenerationId> oldest_first;
    for (const Generation& generation : marked.generations.list) {
        if (why_it_stays(marked.marks, generation)) continue;
        if (planned.recorded && is_needed(*planned.recorded, generation)) continue;
        const bool wanted = generation.number == planned.plan.generation ||
                            generation.number == default_of(planned.plan);
        if (!wanted) oldest_first.push_back(id_of(generation));
    }
    return oldest_first;
}

std::vector<std::uint64_t> only_pinned(const MarkedGenerations& marked) {
    GenerationMarks others = marked.marks;
    others.pinned.clear();
    std::vector<std::uint64_t> numbers;
    for (const Generation& generation : marked.generations.list) {
        const bool stays = why_it_stays(marked.marks, generation).has_value();
        if (stays && !why_it_stays(others, generation)) numbers.push_back(generation.number);
    }
    return numbers;
}

// While a target is away nothing is removed anywhere, since it may refer to all of it.
std::optional<std::string> what_is_away(const LivePlan& deleting) {
    for (const auto* targets : {&deleting.plan.targets, &deleting.former}) {
        for (const PlannedTarget& target : *targets) {
            if (std::ranges::count(deleting.probed.found, target.id, &Target::id) != 0) continue;
            return "target " + target.id.text + " is not there, and until it is nothing is removed";
        }
    }
    return std::nullopt;
}

// "1.0 MiB", or of several volumes "1.0 MiB (esp), 3.0 MiB (files)".
std::string freed_text(const Deletable& one, const std::vector<VolumeRoom>& missing) {
    std::string text;
    for (std::size_t i = 0; i < missing.size(); ++i) {
        if (i != 0) text += ", ";
        text += fmt::format("{:.1f} MiB", static_cast<double>(one.frees[i]) / (1024.0 * 1024.0));
        if (missing.size() > 1) text += " (" + missing[i].targets.front().id.text + ")";
    }
    return text;
}

std::string still_missing_text(const Deletions& deletions) {
    std::string text;
    for (const VolumeRoom& volume : deletions.still_missing) {
        text += fmt::format("{}{} on {}",
                            text.empty() ? "" : ", ",
                            mebibytes(volume.missing()),
                            targets_text(volume));
    }
    return text;
}

// What helps where no generation can go.
constexpr const char* kOtherwise =
    "What helps: remove other files there, let the menu have fewer generations (max-generations "
    "in the configuration), or give the target a larger file system";

}  // namespace

Result<RoomAdvice> advise_room(const LivePlan& planned,
                               const Common& common,
                               const MarkedGenerations& marked,
                               Workspace& workspace) {
    RoomAdvice advice{.deletions = {}, .cannot = {}, .pinned = only_pinned(marked)};
    std::vector<GenerationId> candidates;
    std::optional<LivePlan> menu;
    // Before the first installation is through it is noted which targets it may have written to,
    // and nothing boots by it.
    if (planned.installed && planned.installed->boots) {
        const LiveRequest request =
            TRY(as_installed(common, marked.generations, all_bootloaders()));
        menu = TRY(plan_live(common, request, workspace));
        advice.cannot = what_is_away(*menu);
        if (!advice.cannot) candidates = deletable(marked, planned);
    } else {
        advice.cannot = "cordwainer has installed nothing here yet, and what boots now may need it";
    }
    Rehearsal rehearsal = TRY(Rehearsal::of(planned, menu ? *menu : planned, common.state));
    advice.deletions = TRY(choose_deletions(candidates, [&](const std::vector<GenerationId>& gone) {
        return rehearsal.without(gone);
    }));
    return advice;
}

std::string advice_text(const RoomAdvice& advice, const std::string& command) {
    const Deletions& deletions = advice.deletions;
    if (deletions.missing.empty()) return "There is room by now: run it again";
    std::vector<std::string> lines;
    if (!deletions.oldest.empty()) {
        lines.emplace_back(
            "The oldest generations that may go, and what each would free there in this order:");
    }
    for (const Deletable& one : deletions.oldest) {
        const std::uint64_t last = one.ids.back().number;
        lines.push_back(fmt::format("  {}{}  {}",
                                    one.ids.front().number,
                                    one.ids.size() == 1 ? "" : fmt::format(" to {}", last),
                                    freed_text(one, deletions.missing)));
    }
    if (!deletions.enough.empty()) {
        lines.push_back(fmt::format("Enough is:  cordwainer delete {}",
                                    fmt::join(numbers_of(deletions.enough), " ")));
        lines.push_back("or, with the installation after it:  cordwainer " + command +
                        " --make-room");
        return fmt::format("{}", fmt::join(lines, "\n"));
    }
    if (advice.cannot) {
        lines.push_back("No generation can be deleted now: " + *advice.cannot);
    } else if (deletions.oldest.empty()) {
        lines.emplace_back(
            "No generation may be deleted: those that there are run, boot by default, are the "
            "system's current one or are pinned");
    } else {
        lines.push_back("With all of them gone there would still be missing: " +
                        still_missing_text(deletions));
    }
    if (!advice.pinned.empty()) {
        lines.push_back(
            fmt::format("Pinned are: {} (cordwainer unpin)", fmt::join(advice.pinned, ", ")));
    }
    lines.emplace_back(kOtherwise);
    return fmt::format("{}", fmt::join(lines, "\n"));
}

Json advice_json(const RoomAdvice& advice) {
    const auto volumes = [](const std::vector<VolumeRoom>& rooms) {
        Json list = Json::array();
        for (const VolumeRoom& room : rooms) {
            Json targets = Json::array();
            for (const PlannedTarget& target : room.targets) targets.push_back(target.id.text);
            list.push_back({{"volume", room.volume},
                            {"targets", targets},
                            {"needed", room.needed},
                            {"free", room.free},
                            {"missing", room.missing()}});
        }
        return list;
    };
    Json oldest = Json::array();
    for (const Deletable& one : advice.deletions.oldest) {
        oldest.push_back({{"generations", numbers_of(one.ids)}, {"frees", one.frees}});
    }
    return {{"volumes", volumes(advice.deletions.missing)},
            {"oldest", oldest},
            {"enough", numbers_of(advice.deletions.enough)},
            {"still_missing", volumes(advice.deletions.still_missing)},
            {"cannot", advice.cannot ? Json(*advice.cannot) : Json()},
            {"pinned", advice.pinned}};
}

}  // namespace cordwainer::cli
