#include "cli/plan_changes.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "apply/boot_code.h"
#include "apply/give_up.h"
#include "apply/room.h"
#include "apply/survey.h"
#include "cli/foreseen.h"

namespace cordwainer::cli {
namespace {

using BootStep = BasicSwitchBootCode<RealisedSource>;

MenuChanges compare_menus(const PlanToCompare& what) {
    MenuChanges menu;
    std::vector<GenerationId> before;
    if (what.installed) {
        before = what.installed->generations;
        menu.default_before = default_of(*what.installed);
    }
    for (const Generation& generation : what.generations.list) {
        const GenerationId id = id_of(generation);
        if (generation.number == default_of(what.plan)) menu.default_after = id;
        if (std::ranges::find(before, id) == before.end()) {
            menu.added.push_back({.id = id, .label = generation.parameters.label});
        } else {
            ++menu.kept;
        }
    }
    for (const GenerationId& id : before) {
        if (!find_generation(what.generations, id)) menu.gone.push_back({.id = id, .label = {}});
    }
    return menu;
}

class Comparison {
  public:
    Comparison(const ForeseenPlan& foreseen, const Bindings& bindings, Contents& contents)
        : foreseen_(foreseen), bindings_(bindings), contents_(contents) {}

    Result<PlanChanges> all(const PlanToCompare& what) {
        PlanChanges changes;
        const TargetFailed give_up = giving_up(foreseen_.plan, bindings_, failed_);
        Survey found = TRY(survey(foreseen_.plan, bindings_, contents_, Trust::stamps, give_up));
        changes.warnings = found.warnings;
        TRY_VOID(look_at_boot_code(found, give_up));
        const std::vector<VolumeRoom> volumes = TRY(measure_room(foreseen_.plan, found, give_up));
        const Result<void> room = check_room(volumes);
        changes.fits = room.has_value();
        if (!room) changes.warnings.push_back("installing is refused: " + room.error().message());
        changes.bootloader_before = what.installed ? what.installed->bootloader : "";
        changes.bootloader_after = what.plan.bootloader;
        changes.menu = compare_menus(what);
        for (const PlannedTarget& target : foreseen_.plan.targets) {
            TargetChanges made = target_changes(target, found);
            made.former = std::ranges::find(what.former, target) != what.former.end();
            changes.targets.push_back(std::move(made));
        }
        for (const FailedTarget& target : failed_) {
            changes.warnings.push_back("target " + target.id.text +
                                       " fails and would be left as it is: " + target.why);
        }
        return changes;
    }

  private:
    // Before what is to be removed is told: nothing is while one fails.
    Result<void> look_at_boot_code(Survey& found, const TargetFailed& give_up) {
        for (const RealisedStep& step : foreseen_.plan.steps) {
            const auto* boot = std::get_if<BootStep>(&step);
            if (!boot || !bindings_.blocks.contains(boot->target)) continue;
            const Result<std::optional<SectorRange>> place = place_of(*boot);
            if (place) {
                boot_code_[boot->target] = *place;
            } else {
                TRY_VOID(give_up(boot->target, place.error()));
                leave_out(found, boot->target);
            }
        }
        return {};
    }

    [[nodiscard]] TargetChanges target_changes(const PlannedTarget& target,
                                               const Survey& found) const {
        TargetChanges made{
            .target = target, .written = {}, .removed = {}, .boot_code = {}, .entries = {}};
        made.failing = std::ranges::find(failed_, target.id, &FailedTarget::id) != failed_.end();
        made.reached = !made.failing && (bindings_.files.contains(target.id) ||
                                         bindings_.blocks.contains(target.id));
        const auto boot_code = boot_code_.find(target.id);
        if (boot_code != boot_code_.end()) made.boot_code = boot_code->second;
        const auto run = found.files.find(target.id);
        if (run != found.files.end()) compare_files(run->second, made);
        for (const RealisedStep& step : foreseen_.plan.steps) {
            if (target_of(step) != target.id) continue;
            const auto* entry = std::get_if<FirmwareEntry>(&step);
            if (entry && run != found.files.end() && is_missing(*entry, run->second))
                made.entries.push_back(*entry);
        }
        return made;
    }

    // Whether the firmware has to be given an entry. One that does not tell of its list is taken to
    // have it where the program is installed.
    [[nodiscard]] bool is_missing(const FirmwareEntry& entry, const FileRun& run) const {
        if (bindings_.firmware) {
            const Result<bool> there = bindings_.firmware->has(entry);
            if (there) return !*there;
        }
        return run.to_write.contains(entry.path);
    }

    void compare_files(const FileRun& run, TargetChanges& made) const {
        for (const RealisedStep& step : foreseen_.plan.steps) {
            const auto file = file_step(step);
            if (!file || target_of(step) != made.target.id) continue;
            if (!run.to_write.contains(file->path)) continue;
            const bool to_be_made = foreseen_.to_be_made.contains(digest_of(file->source));
            made.written.push_back(
                {.path = file->path,
                 .size = to_be_made ? std::nullopt : std::optional(size_of(file->source)),
                 .commit = file->commit});
        }
        for (const RelPath& path : run.to_remove)
            made.removed.push_back({.path = path, .size = run.before.files.at(path).size});
        made.kept = run.after.files.size() - run.to_write.size();
        made.noted = run.dirty() && made.written.empty() && made.removed.empty();
    }

    // Where a new core image goes; nothing where the disk has it.
    Result<std::optional<SectorRange>> place_of(const BootStep& step) {
        BlockTarget& disk = *bindings_.blocks.at(step.target);
        if (!foreseen_.to_be_made.contains(digest_of(step.boot_code))) {
            const bool there = TRY(has_boot_code(step, disk, contents_, Trust::stamps));
            if (there) return std::optional<SectorRange>();
        }
        const SectorRange place = TRY(next_place(step, disk));
        return std::optional(place);
    }

    const ForeseenPlan& foreseen_;
    const Bindings& bindings_;
    Contents& contents_;
    std::vector<FailedTarget> failed_;
    std::map<TargetId, std::optional<SectorRange>> boot_code_;  // as place_of
};

}  // namespace

bool TargetChanges::any() const {
    return !written.empty() || !removed.empty() || noted || boot_code.has_value() ||
           !entries.empty();
}

bool PlanChanges::any() const {
    return std::ranges::any_of(targets, &TargetChanges::any);
}

Result<PlanChanges> compare_plan(const PlanToCompare& what,
                                 const Bindings& bindings,
                                 Contents& contents) {
    const ForeseenPlan foreseen = TRY(foresee(what.plan, what.former, what.made_by));
    NoCopies no_copies(contents);
    return Comparison(foreseen, bindings, no_copies).all(what);
}

}  // namespace cordwainer::cli
