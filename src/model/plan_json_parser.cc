#include <type_traits>
#include <utility>

#include "model/json_reader.h"
#include "model/plan_json.h"
#include "model/plan_json_names.h"

namespace cordwainer {
namespace {

Result<HostFile> parse_host_file(const JsonPlace& place) {
    TRY_VOID(place.only({"file", "base", "digest", "size"}));
    HostFile file;
    file.path = TRY(place.string("file"));
    const JsonPlace base = TRY(place.at("base"));
    const std::string text = TRY(base.string());
    if (text != "system" && text != "machine")
        return base.error("must be \"system\" or \"machine\"");
    file.base = text == "system" ? HostFile::Base::system : HostFile::Base::machine;
    file.digest = TRY(place.digest("digest"));
    file.size = TRY(place.number("size"));
    return file;
}

Result<ObjectRef> parse_object(const JsonPlace& place) {
    TRY_VOID(place.only({"object", "size"}));
    ObjectRef object;
    object.digest = TRY(place.digest("object"));
    object.size = TRY(place.number("size"));
    return object;
}

template <class S>
Result<S> parse_source(const JsonPlace& place);

Result<Recipe> parse_recipe(const JsonPlace& outer) {
    TRY_VOID(outer.only({"recipe"}));
    const JsonPlace place = TRY(outer.at("recipe"));
    TRY_VOID(place.only({"maker", "version", "parameters", "inputs"}));
    Recipe recipe;
    recipe.maker = TRY(place.string("maker"));
    recipe.version = TRY(place.string("version"));
    const JsonPlace parameters = TRY(place.at("parameters"));
    const auto members = TRY(parameters.members());
    for (const auto& [name, value] : members) {
        std::string text = TRY(value.string());
        recipe.parameters.emplace(name, std::move(text));
    }
    const JsonPlace inputs = TRY(place.at("inputs"));
    const auto elements = TRY(inputs.elements());
    for (const JsonPlace& element : elements) {
        TRY_VOID(element.only({"name", "source"}));
        RecipeInput input;
        input.name = TRY(element.string("name"));
        const JsonPlace source = TRY(element.at("source"));
        input.source = TRY(parse_source<Source>(source));
        recipe.inputs.push_back(std::move(input));
    }
    return recipe;
}

// A source says what it is by the key that it has.
template <class S>
Result<S> parse_source(const JsonPlace& place) {
    if (place.has("file")) {
        HostFile file = TRY(parse_host_file(place));
        return S(std::move(file));
    }
    if (place.has("object")) {
        const ObjectRef object = TRY(parse_object(place));
        return S(object);
    }
    if constexpr (std::is_same_v<S, Source>) {
        if (place.has("recipe")) {
            Recipe recipe = TRY(parse_recipe(place));
            return S(std::move(recipe));
        }
        TRY_VOID(place.only({"text"}));
        Text text;
        text.text = TRY(place.string("text"));
        return S(std::move(text));
    } else {
        return place.error("must be a file or an object: the plan is to be realised");
    }
}

template <class S>
Result<S> parse_source(const JsonPlace& place, std::string_view key) {
    const JsonPlace source = TRY(place.at(key));
    return parse_source<S>(source);
}

Result<void> parse_spec(const JsonPlace& place, TargetSpec& spec) {
    spec.tag = TRY(place.string("tag"));
    const JsonPlace type = TRY(place.at("type"));
    const std::string text = TRY(type.string());
    if (text == "file") {
        TRY_VOID(place.only({"id", "tag", "type", "path", "uuid", "own"}));
        spec.type = TargetType::file;
        spec.path = TRY(place.string("path"));
        return {};
    }
    if (text != "block") return type.error("must be \"file\" or \"block\"");
    TRY_VOID(place.only({"id", "tag", "type", "by", "value", "uuid", "own"}));
    spec.type = TargetType::block;
    const JsonPlace by = TRY(place.at("by"));
    const std::string kind = TRY(by.string());
    for (std::size_t i = 0; i < kBlockKindNames.size(); ++i) {
        if (kBlockKindNames[i] != kind) continue;
        spec.block.kind = static_cast<BlockId::Kind>(i);
        spec.block.value = TRY(place.string("value"));
        return {};
    }
    return by.error("unknown way to name a block target");
}

template <class StepType, class S>
Result<StepType> parse_file_step(const JsonPlace& place) {
    TRY_VOID(place.only({"step", "target", "path", "source"}));
    std::string target = TRY(place.string("target"));
    RelPath path = TRY(place.rel_path("path"));
    S source = TRY(parse_source<S>(place, "source"));
    return StepType{{std::move(target)}, std::move(path), std::move(source)};
}

template <class S>
Result<BasicSwitchBootCode<S>> parse_switch_boot_code(const JsonPlace& place) {
    constexpr std::uint64_t kMost32 = 0xffffffff;
    TRY_VOID(place.only({"step", "target", "boot_code", "keep", "pointer_offset", "slots"}));
    BasicSwitchBootCode<S> step;
    step.target.text = TRY(place.string("target"));
    step.boot_code = TRY(parse_source<S>(place, "boot_code"));
    const JsonPlace keep = TRY(place.at("keep"));
    const auto ranges = TRY(keep.elements());
    for (const JsonPlace& range : ranges) {
        TRY_VOID(range.only({"first", "count"}));
        const std::uint64_t first = TRY(range.number("first", kMost32));
        const std::uint64_t count = TRY(range.number("count", kMost32));
        step.keep.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count)});
    }
    step.pointer_offset = static_cast<std::uint32_t>(TRY(place.number("pointer_offset", kMost32)));
    const JsonPlace slots = TRY(place.at("slots"));
    const auto elements = TRY(slots.elements());
    for (const JsonPlace& element : elements) {
        TRY_VOID(element.only({"first_lba", "count", "image"}));
        BasicBootSlot<S> slot;
        slot.range.first_lba = TRY(element.number("first_lba"));
        slot.range.count = TRY(element.number("count"));
        slot.image = TRY(parse_source<S>(element, "image"));
        step.slots.push_back(std::move(slot));
    }
    return step;
}

Result<FirmwareEntry> parse_firmware_entry(const JsonPlace& place) {
    TRY_VOID(place.only({"step", "target", "path", "title", "fallback"}));
    std::string target = TRY(place.string("target"));
    RelPath path = TRY(place.rel_path("path"));
    std::string title = TRY(place.string("title"));
    FirmwareEntry entry{{std::move(target)}, std::move(path), std::move(title)};
    const std::optional<JsonPlace> fallback = TRY(place.find("fallback"));
    if (fallback) entry.fallback = TRY(fallback->rel_path());
    return entry;
}

template <class S>
Result<BasicStep<S>> parse_step(const JsonPlace& place) {
    const JsonPlace kind_place = TRY(place.at("step"));
    const std::string kind = TRY(kind_place.string());
    if (kind == "stage_file") {
        BasicStageFile<S> step = TRY(parse_file_step<BasicStageFile<S>, S>(place));
        return BasicStep<S>(std::move(step));
    }
    if (kind == "provide_file") {
        BasicProvideFile<S> step = TRY(parse_file_step<BasicProvideFile<S>, S>(place));
        return BasicStep<S>(std::move(step));
    }
    if (kind == "replace_file") {
        BasicReplaceFile<S> step = TRY(parse_file_step<BasicReplaceFile<S>, S>(place));
        return BasicStep<S>(std::move(step));
    }
    if (kind == "switch_boot_code") {
        BasicSwitchBootCode<S> step = TRY(parse_switch_boot_code<S>(place));
        return BasicStep<S>(std::move(step));
    }
    if (kind == "firmware_entry") {
        FirmwareEntry step = TRY(parse_firmware_entry(place));
        return BasicStep<S>(std::move(step));
    }
    return kind_place.error("this program has no step \"" + kind + "\"");
}

Result<Reference> parse_reference(const JsonPlace& place) {
    TRY_VOID(place.only({"path", "digest", "size", "target"}));
    Reference reference;
    reference.path = TRY(place.string("path"));
    reference.digest = TRY(place.digest("digest"));
    reference.size = TRY(place.number("size"));
    reference.target.text = TRY(place.string("target"));
    return reference;
}

Result<std::string> parse_text(const JsonPlace& place) {
    return place.string();
}

template <class T, class Parse>
Result<std::vector<T>> parse_array(const JsonPlace& place, std::string_view key, Parse parse) {
    const JsonPlace array = TRY(place.at(key));
    const auto elements = TRY(array.elements());
    std::vector<T> all;
    all.reserve(elements.size());
    for (const JsonPlace& element : elements) {
        T value = TRY(parse(element));
        all.push_back(std::move(value));
    }
    return all;
}

template <class S>
Result<BasicPlan<S>> parse_any(const JsonPlace& root) {
    TRY_VOID(root.format(kPlanFormat));
    TRY_VOID(root.only({"format",
                        "bootloader",
                        "generation",
                        "other_default",
                        "targets",
                        "steps",
                        "references",
                        "warnings"}));
    BasicPlan<S> plan;
    plan.bootloader = TRY(root.string("bootloader"));
    const auto generation = TRY(root.find("generation"));
    if (generation) plan.generation = TRY(generation->number());
    plan.other_default = TRY(parse_other_default(root));
    plan.targets = TRY(parse_array<PlannedTarget>(root, "targets", parse_target));
    plan.steps = TRY(parse_array<BasicStep<S>>(root, "steps", parse_step<S>));
    plan.references = TRY(parse_array<Reference>(root, "references", parse_reference));
    plan.warnings = TRY(parse_array<std::string>(root, "warnings", parse_text));
    return plan;
}

}  // namespace

Result<std::optional<OtherDefault>> parse_other_default(const JsonPlace& around) {
    const auto place = TRY(around.find("other_default"));
    if (!place) return std::optional<OtherDefault>();
    TRY_VOID(place->only({"generation"}));
    OtherDefault other;
    const auto number = TRY(place->find("generation"));
    if (number) other.generation = TRY(number->number());
    return std::optional(other);
}

Result<PlannedTarget> parse_target(const JsonPlace& place) {
    PlannedTarget target;
    target.id.text = TRY(place.string("id"));
    TRY_VOID(parse_spec(place, target.spec));
    const auto uuid = TRY(place.find("uuid"));
    if (uuid) {
        const std::string text = TRY(uuid->string());
        target.uuid = Uuid::parse(text);
        if (!target.uuid) return uuid->error("no UUID of any kind");
    }
    const auto own = TRY(place.find("own"));
    if (own) target.own = TRY(own->rel_path());
    return target;
}

Result<Plan> parse_plan(std::string_view json, const std::string& source_name) {
    const nlohmann::json parsed = TRY(parse_json(json, source_name));
    return parse_any<Source>(JsonPlace(parsed, source_name));
}

Result<RealisedPlan> parse_realised_plan(std::string_view json, const std::string& source_name) {
    const nlohmann::json parsed = TRY(parse_json(json, source_name));
    return parse_any<RealisedSource>(JsonPlace(parsed, source_name));
}

Result<RealisedPlan> parse_realised_plan(const JsonPlace& place) {
    return parse_any<RealisedSource>(place);
}

}  // namespace cordwainer
