#include "cli/foreseen.h"

#include <utility>
#include <variant>

namespace cordwainer::cli {
namespace {

constexpr std::uint64_t kBootSector = 512;

class Foreseer {
  public:
    explicit Foreseer(const MadeBy& made_by) : made_by_(made_by) {}

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
        BasicSwitchBootCode<RealisedSource> made;
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

    std::set<Digest> to_be_made;

  private:
    Result<RealisedSource> source(const Source& source, std::uint64_t size_to_be = 0) {
        if (const auto* file = std::get_if<HostFile>(&source)) return RealisedSource(*file);
        if (const auto* object = std::get_if<ObjectRef>(&source)) return RealisedSource(*object);
        if (const auto* text = std::get_if<Text>(&source)) {
            return RealisedSource(
                ObjectRef{.digest = sha256(text->text), .size = text->text.size()});
        }
        const Digest key = recipe_key(std::get<Recipe>(source));
        const auto made = TRY(made_by_(key));
        if (made) return RealisedSource(*made);
        to_be_made.insert(key);
        return RealisedSource(ObjectRef{.digest = key, .size = size_to_be});
    }

    const MadeBy& made_by_;
};

}  // namespace

Result<ForeseenPlan> foresee(const Plan& plan,
                             const std::vector<PlannedTarget>& former,
                             const MadeBy& made_by) {
    Foreseer foreseer(made_by);
    ForeseenPlan foreseen;
    foreseen.plan.bootloader = plan.bootloader;
    foreseen.plan.generation = plan.generation;
    foreseen.plan.other_default = plan.other_default;
    foreseen.plan.targets = plan.targets;
    foreseen.plan.targets.insert(foreseen.plan.targets.end(), former.begin(), former.end());
    foreseen.plan.references = plan.references;
    for (const Step& step : plan.steps) {
        RealisedStep made =
            TRY(std::visit([&](const auto& each) { return foreseer.step(each); }, step));
        foreseen.plan.steps.push_back(std::move(made));
    }
    foreseen.to_be_made = std::move(foreseer.to_be_made);
    return foreseen;
}

Result<std::filesystem::path> NoCopies::locate(const RealisedSource& /*source*/) {
    return std::filesystem::path();
}

Result<Bytes> NoCopies::read(const RealisedSource& source) {
    return contents_.read(source);
}

}  // namespace cordwainer::cli
