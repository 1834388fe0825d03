#include "realise/realise.h"

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

// A plan with thousands of entries names the same few sources again and again; each is realised
// once.
class Realiser {
  public:
    Realiser(const std::vector<Maker>& makers,
             ObjectStore& store,
             Contents& contents,
             Runner& runner)
        : makers_(makers), store_(store), contents_(contents), runner_(runner) {}

    Result<RealisedSource> realise(const Source& source) {
        if (const auto* file = std::get_if<HostFile>(&source)) return RealisedSource(*file);
        if (const auto* object = std::get_if<ObjectRef>(&source)) return RealisedSource(*object);
        if (const auto* text = std::get_if<Text>(&source)) {
            const ObjectRef object = TRY(store_.add(as_bytes(text->text)));
            return RealisedSource(object);
        }
        const ObjectRef object = TRY(realise_recipe(std::get<Recipe>(source)));
        return RealisedSource(object);
    }

  private:
    Result<ObjectRef> realise_recipe(const Recipe& recipe) {
        const Digest key = recipe_key(recipe);
        if (const auto done = done_.find(key); done != done_.end()) return done->second;
        std::optional<ObjectRef> object = TRY(store_.made_by(key));
        if (!object) {
            object = TRY(make(recipe).with_context("make " + recipe.maker));
            TRY_VOID(store_.note(key, *object));
        }
        done_.emplace(key, *object);
        return *object;
    }

    Result<ObjectRef> make(const Recipe& recipe) {
        const Maker* maker = nullptr;
        for (const Maker& candidate : makers_) {
            if (candidate.name == recipe.maker) maker = &candidate;
        }
        if (!maker)
            return Error(Errc::unsupported, "this program has no maker \"" + recipe.maker + "\"");
        std::map<std::string, std::filesystem::path> inputs;
        for (const RecipeInput& input : recipe.inputs) {
            std::filesystem::path path =
                TRY(input_file(input.source).with_context("input " + input.name));
            if (!inputs.emplace(input.name, std::move(path)).second) {
                return Error(Errc::invalid_input, "the recipe has two inputs named " + input.name);
            }
        }
        const TemporaryDirectory scratch = TRY(TemporaryDirectory::make({}, "cordwainer-"));
        const Bytes bytes = TRY(maker->make(recipe, inputs, scratch.path(), runner_));
        return store_.add(bytes);
    }

    // What a maker reads must be what the recipe's key says; a file of the system may have changed
    // since its digest was taken.
    Result<std::filesystem::path> input_file(const Source& source) {
        const RealisedSource realised = TRY(realise(source));
        std::filesystem::path path = TRY(contents_.locate(realised));
        const CopiedBytes read = TRY(digest_file(path));
        if (read.digest != digest_of(realised)) {
            return Error(Errc::corrupt,
                         path.string() + " is not what was planned with: its SHA-256 is " +
                             read.digest.hex() + ", not " + digest_of(realised).hex());
        }
        return path;
    }

    const std::vector<Maker>& makers_;
    ObjectStore& store_;
    Contents& contents_;
    Runner& runner_;
    std::map<Digest, ObjectRef> done_;
};

// Turns a step for one type of source into the same step for another.
template <class To, class From, class Convert>
class StepConversion {
  public:
    explicit StepConversion(Convert convert) : convert_(std::move(convert)) {}

    Result<BasicStep<To>> operator()(const BasicStageFile<From>& step) {
        To source = TRY(convert_(step.source).with_context("stage " + step.path.text()));
        return BasicStep<To>(BasicStageFile<To>{step.target, step.path, std::move(source)});
    }

    Result<BasicStep<To>> operator()(const BasicProvideFile<From>& step) {
        To source = TRY(convert_(step.source).with_context("provide " + step.path.text()));
        return BasicStep<To>(BasicProvideFile<To>{step.target, step.path, std::move(source)});
    }

    Result<BasicStep<To>> operator()(const BasicReplaceFile<From>& step) {
        To source = TRY(convert_(step.source).with_context("replace " + step.path.text()));
        return BasicStep<To>(BasicReplaceFile<To>{step.target, step.path, std::move(source)});
    }

    Result<BasicStep<To>> operator()(const BasicSwitchBootCode<From>& step) {
        BasicSwitchBootCode<To> made;
        made.target = step.target;
        made.boot_code = TRY(convert_(step.boot_code).with_context("boot code"));
        for (const auto& range : step.keep) made.keep.push_back({range.first, range.count});
        made.pointer_offset = step.pointer_offset;
        for (const BasicBootSlot<From>& slot : step.slots) {
            To image = TRY(convert_(slot.image).with_context("boot code"));
            made.slots.push_back({slot.range, std::move(image)});
        }
        return BasicStep<To>(std::move(made));
    }

    Result<BasicStep<To>> operator()(const FirmwareEntry& step) { return BasicStep<To>(step); }

  private:
    Convert convert_;
};

// `plan` for another type of source: `convert` is called for each source, in order.
template <class To, class From, class Convert>
Result<BasicPlan<To>> convert_plan(const BasicPlan<From>& plan, Convert convert) {
    BasicPlan<To> made;
    made.bootloader = plan.bootloader;
    made.generation = plan.generation;
    made.other_default = plan.other_default;
    made.targets = plan.targets;
    made.references = plan.references;
    made.warnings = plan.warnings;
    made.steps.reserve(plan.steps.size());
    StepConversion<To, From, Convert> conversion(std::move(convert));
    for (const BasicStep<From>& step : plan.steps) {
        BasicStep<To> converted = TRY(std::visit(conversion, step));
        made.steps.push_back(std::move(converted));
    }
    return made;
}

}  // namespace

Result<RealisedPlan> realise(const Plan& plan,
                             const std::vector<Maker>& makers,
                             ObjectStore& store,
                             Contents& contents,
                             Runner& runner) {
    Realiser realiser(makers, store, contents, runner);
    return convert_plan<RealisedSource>(
        plan, [&](const Source& source) { return realiser.realise(source); });
}

Result<RealisedPlan> import_sources(const RealisedPlan& plan,
                                    ObjectStore& store,
                                    Contents& contents,
                                    const std::function<bool(const HostFile&)>& rooted) {
    const auto import = [&](const RealisedSource& source) -> Result<RealisedSource> {
        const auto* file = std::get_if<HostFile>(&source);
        if (!file || rooted(*file)) return source;
        const ObjectRef known{.digest = file->digest, .size = file->size};
        if (store.has(known)) return RealisedSource(known);
        const std::filesystem::path path = TRY(contents.locate(source));
        const ObjectRef object = TRY(store.add_file(path, file->digest));
        return RealisedSource(object);
    };
    return convert_plan<RealisedSource>(plan, import);
}

}  // namespace cordwainer
