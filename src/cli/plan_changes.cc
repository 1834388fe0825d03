#include "cli/plan_changes.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "apply/boot_code.h"
#include "apply/room.h"
#include "apply/survey.h"

namespace cordwainer::cli {
namespace {

using BootStep = BasicSwitchBootCode<RealisedSource>;

constexpr std::uint64_t kBootSector = 512;

// The plan as if every recipe had been run.
class Foreseen {
  public:
    static Result<Foreseen> of(const PlanToCompare& what) {
        Foreseen foreseen(what);
        RealisedPlan& plan = foreseen.plan;
        plan.bootloader = what.plan.bootloader;
        plan.generation = what.plan.generation;
        plan.targets = what.plan.targets;
        plan.targets.insert(plan.targets.end(), what.former.begin(), what.former.end());
        plan.references = what.plan.references;
        for (const Step& step : what.plan.steps) {
            RealisedStep made =
                TRY(std::visit([&](const auto& each) { return foreseen.step(each); }, step));
            plan.steps.push_back(std::move(made));
        }
        return foreseen;
    }

    RealisedPlan plan;

    [[nodiscard]] bool is_to_be_made(const RealisedSource& source) const {
        return to_be_made_.contains(digest_of(source));
    }

  private:
    explicit Foreseen(const PlanToCompare& what) : what_(&what) {}

    // What is still to be made has its recipe's key for a digest, which no file has.
    Result<RealisedSource> source(const Source& source, std::uint64_t size_to_be = 0) {
        if (const auto* file = std::get_if<HostFile>(&source)) return RealisedSource(*file);
        if (const auto* object = std::get_if<ObjectRef>(&source)) return RealisedSource(*object);
        if (const auto* text = std::get_if<Text>(&source)) {
            return RealisedSource(
                ObjectRef{.digest = sha256(text->text), .size = text->text.size()});
        }
        const Digest key = recipe_key(std::get<Recipe>(source));
        const auto made = TRY(what_->made_by(key));
        if (made) return RealisedSource(*made);
        to_be_made_.insert(key);
        return RealisedSource(ObjectRef{.digest = key, .size = size_to_be});
    }

    Result<RealisedStep> step(const StageFile& step) {
        RealisedSource made = TRY(source(step.source));
        return RealisedStep(
            BasicStageFile<RealisedSource>{step.target, step.path, std::move(made)});
    }

    Result<RealisedStep> step(const ProvideFile& step) {
        RealisedSource made = TRY(source(step.source));
        return RealisedStep(
            BasicProvideFile<RealisedSource>{step.target, step.path, std::move(made)});
    }

    Result<RealisedStep> step(const ReplaceFile& step) {
        RealisedSource made = TRY(source(step.source));
        return RealisedStep(
            BasicReplaceFile<RealisedSource>{step.target, step.path, std::move(made)});
    }

    Result<RealisedStep> step(const SwitchBootCode& step) {
        BootStep made;
        made.target = step.target;
        made.boot_code = TRY(source(step.boot_code, kBootSector));
        for (const auto& range : step.keep) made.keep.push_back({range.first, range.count});
        made.pointer_offset = step.pointer_offset;
        for (const BootSlot& slot : step.slots) {
            RealisedSource image = TRY(source(slot.image));
            made.slots.push_back({slot.range, std::move(image)});
        }
        return RealisedStep(std::move(made));
    }

    static Result<RealisedStep> step(const FirmwareEntry& step) { return RealisedStep(step); }

    const PlanToCompare* what_;
    std::set<Digest> to_be_made_;
};

// Nothing is copied, so that no bytes need be where they will be.
class NoCopies : public Contents {
  public:
    explicit NoCopies(Contents& contents) : contents_(contents) {}

    Result<std::filesystem::path> locate(const RealisedSource& /*source*/) override {
        return std::filesystem::path();
    }

    Result<Bytes> read(const RealisedSource& source) override { return contents_.read(source); }

  private:
    Contents& contents_;
};

MenuChanges compare_menus(const PlanToCompare& what) {
    MenuChanges menu;
    std::vector<GenerationId> before;
    if (what.installed) {
        before = what.installed->generations;
        menu.default_before = what.installed->boots;
    }
    for (const Generation& generation : what.generations.list) {
        const GenerationId id = id_of(generation);
        if (generation.current) menu.default_after = id;
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
    Comparison(const Foreseen& foreseen, const Bindings& bindings, Contents& contents)
        : foreseen_(foreseen), bindings_(bindings), contents_(contents) {}

    Result<PlanChanges> all(const PlanToCompare& what) {
        PlanChanges changes;
        const Survey found = TRY(survey(foreseen_.plan, bindings_, contents_));
        changes.warnings = found.warnings;
        const std::vector<VolumeRoom> volumes = TRY(measure_room(foreseen_.plan, found));
        const Result<void> room = check_room(volumes);
        if (!room) changes.warnings.push_back("installing is refused: " + room.error().message());
        changes.bootloader_before = what.installed ? what.installed->bootloader : "";
        changes.bootloader_after = what.plan.bootloader;
        changes.menu = compare_menus(what);
        for (const PlannedTarget& target : foreseen_.plan.targets) {
            TargetChanges made = TRY(target_changes(target, found));
            made.former = std::ranges::find(what.former, target) != what.former.end();
            changes.targets.push_back(std::move(made));
        }
        return changes;
    }

  private:
    Result<TargetChanges> target_changes(const PlannedTarget& target, const Survey& found) {
        TargetChanges made{
            .target = target, .written = {}, .removed = {}, .boot_code = {}, .entries = {}};
        made.reached = bindings_.files.contains(target.id) || bindings_.blocks.contains(target.id);
        const auto run = found.files.find(target.id);
        if (run != found.files.end()) compare_files(run->second, made);
        for (const RealisedStep& step : foreseen_.plan.steps) {
            if (target_of(step) != target.id || !made.reached) continue;
            if (const auto* boot = std::get_if<BootStep>(&step))
                made.boot_code = TRY(place_of(*boot));
            const auto* entry = std::get_if<FirmwareEntry>(&step);
            if (entry && run != found.files.end() && run->second.to_write.contains(entry->path))
                made.entries.push_back(*entry);
        }
        return made;
    }

    void compare_files(const FileRun& run, TargetChanges& made) const {
        for (const RealisedStep& step : foreseen_.plan.steps) {
            const auto file = file_step(step);
            if (!file || target_of(step) != made.target.id) continue;
            if (!run.to_write.contains(file->path)) continue;
            const bool to_be_made = foreseen_.is_to_be_made(file->source);
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
        if (!foreseen_.is_to_be_made(step.boot_code)) {
            const bool there = TRY(has_boot_code(step, disk, contents_, Trust::stamps));
            if (there) return std::optional<SectorRange>();
        }
        const SectorRange place = TRY(next_place(step, disk));
        return std::optional(place);
    }

    const Foreseen& foreseen_;
    const Bindings& bindings_;
    Contents& contents_;
};

}  // namespace

bool TargetChanges::any() const {
    return !written.empty() || !removed.empty() || noted || boot_code.has_value();
}

bool PlanChanges::any() const {
    return std::ranges::any_of(targets, &TargetChanges::any);
}

Result<PlanChanges> compare_plan(const PlanToCompare& what,
                                 const Bindings& bindings,
                                 Contents& contents) {
    const Foreseen foreseen = TRY(Foreseen::of(what));
    NoCopies no_copies(contents);
    return Comparison(foreseen, bindings, no_copies).all(what);
}

}  // namespace cordwainer::cli
