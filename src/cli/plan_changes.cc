#include "cli/plan_changes.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "apply/boot_code.h"
#include "apply/entry_copy.h"
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
        look_at_entries(found, changes);
        changes.bootloader_before = what.installed ? what.installed->bootloader : "";
        changes.bootloader_after = what.plan.bootloader;
        changes.menu = compare_menus(what);
        for (const PlannedTarget& target : foreseen_.plan.targets) {
            TargetChanges made = TRY(target_changes(target, found));
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

    // What the executor's commit of an entry comes to, as far as that can be seen.
    void look_at_entries(Survey& found, PlanChanges& changes) {
        for (const RealisedStep& step : foreseen_.plan.steps) {
            const auto* entry = std::get_if<FirmwareEntry>(&step);
            const auto run = found.files.find(target_of(step));
            if (!entry || !bindings_.firmware || run == found.files.end()) continue;
            const Result<bool> there = bindings_.firmware->has(*entry);
            if (there && *there) continue;
            const Result<void> may =
                there ? bindings_.firmware->check_writable() : Result<void>(there.error());
            if (may) {
                entries_[entry->target].push_back(new_entry(*entry, run->second));
            } else {
                fall_back(*entry, may.error(), run->second, changes);
            }
        }
    }

    // An entry that may be made. Whether its copy goes is not certain then.
    static EntryChange new_entry(const FirmwareEntry& entry, FileRun& run) {
        EntryChange change{.entry = entry};
        if (!entry.fallback || std::erase(run.to_remove, *entry.fallback) == 0) return change;
        const OwnedFile& copy = run.before.files.at(*entry.fallback);
        run.after.files.emplace(*entry.fallback, copy);
        change.copy = RemovedFile{.path = *entry.fallback, .size = copy.size};
        return change;
    }

    void fall_back(const FirmwareEntry& entry,
                   const Error& why,
                   FileRun& run,
                   PlanChanges& changes) {
        const std::string text = "the firmware's list of boot entries gets none for " +
                                 entry.path.text() + " on target " + entry.target.text +
                                 ", since " + why.message();
        const Result<EntryCopy> copy = copy_for(entry, foreseen_.plan, run, Trust::stamps);
        if (!copy) {
            changes.lacking = true;
            changes.warnings.push_back(text + ", and " + copy.error().message());
            return;
        }
        want_copy(run, *copy, {});
        copies_.emplace(entry.target, *copy);
        changes.warnings.push_back(text + "; so the same program is put at " + copy->path.text() +
                                   ", where firmware looks by itself if no other entry comes "
                                   "first");
    }

    [[nodiscard]] Result<TargetChanges> target_changes(const PlannedTarget& target,
                                                       const Survey& found) const {
        TargetChanges made{
            .target = target, .written = {}, .removed = {}, .boot_code = {}, .entries = {}};
        made.failing = std::ranges::find(failed_, target.id, &FailedTarget::id) != failed_.end();
        made.reached = !made.failing && (bindings_.files.contains(target.id) ||
                                         bindings_.blocks.contains(target.id));
        const auto boot_code = boot_code_.find(target.id);
        if (boot_code != boot_code_.end()) made.boot_code = boot_code->second;
        const auto run = found.files.find(target.id);
        const auto entries = entries_.find(target.id);
        if (entries != entries_.end()) made.entries = entries->second;
        if (run != found.files.end()) TRY_VOID(compare_files(run->second, made));
        return made;
    }

    Result<void> compare_files(const FileRun& run, TargetChanges& made) const {
        for (const RealisedStep& step : foreseen_.plan.steps) {
            const auto file = file_step(step);
            if (!file || target_of(step) != made.target.id) continue;
            if (!run.to_write.contains(file->path)) continue;
            made.written.push_back(TRY(written(run, file->path, file->source)));
        }
        const auto copy = copies_.find(made.target.id);
        if (copy != copies_.end() && !copy->second.there)
            made.written.push_back(TRY(written(run, copy->second.path, copy->second.source)));
        for (const RelPath& path : run.to_remove)
            made.removed.push_back({.path = path, .size = run.before.files.at(path).size});
        made.kept = run.after.files.size() - run.to_write.size();
        for (const EntryChange& change : made.entries) made.kept -= change.copy ? 1 : 0;
        made.noted = run.dirty() && made.written.empty() && made.removed.empty();
        return {};
    }

    Result<WrittenFile> written(const FileRun& run,
                                const RelPath& path,
                                const RealisedSource& source) const {
        const bool to_be_made = foreseen_.to_be_made.contains(digest_of(source));
        return WrittenFile{.path = path,
                           .size = to_be_made ? std::nullopt : std::optional(size_of(source)),
                           .over = TRY(what_is_at(run, path))};
    }

    static Result<WrittenFile::Over> what_is_at(const FileRun& run, const RelPath& path) {
        using Over = WrittenFile::Over;
        const std::optional<FileState> state = TRY(run.port.look(path));
        if (!state) return Over::nothing;
        if (run.is_inside_own(path)) return Over::ours;
        const auto before = run.before.files.find(path);
        if (before == run.before.files.end()) return Over::other;
        return before->second.pending || as_written(before->second, *state) ? Over::ours
                                                                            : Over::other;
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
    std::map<TargetId, std::vector<EntryChange>> entries_;
    std::map<TargetId, EntryCopy> copies_;  // instead of entries
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
