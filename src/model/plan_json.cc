#include "model/plan_json.h"

#include <type_traits>
#include <utility>

#include "model/json_writer.h"
#include "model/plan_json_names.h"

namespace cordwainer {
namespace {

using Layout = JsonWriter::Layout;

void render(JsonWriter& json, const HostFile& file) {
    json.begin_object(Layout::one_line);
    json.member("file", file.path);
    json.member("base", file.base == HostFile::Base::system ? "system" : "machine");
    json.member("digest", file.digest.hex());
    json.member("size", file.size);
    json.end_object();
}

void render(JsonWriter& json, const ObjectRef& object) {
    json.begin_object(Layout::one_line);
    json.member("object", object.digest.hex());
    json.member("size", object.size);
    json.end_object();
}

void render(JsonWriter& json, const Text& text) {
    json.begin_object(Layout::one_line);
    json.member("text", text.text);
    json.end_object();
}

void render(JsonWriter& json, const Recipe& recipe);

void render(JsonWriter& json, const Source& source) {
    std::visit([&](const auto& kind) { render(json, kind); }, source);
}

void render(JsonWriter& json, const RealisedSource& source) {
    std::visit([&](const auto& kind) { render(json, kind); }, source);
}

void render(JsonWriter& json, const Recipe& recipe) {
    json.begin_object();
    json.key("recipe");
    json.begin_object();
    json.member("maker", recipe.maker);
    json.member("version", recipe.version);
    json.key("parameters");
    json.begin_object();
    for (const auto& [name, value] : recipe.parameters) json.member(name, value);
    json.end_object();
    json.key("inputs");
    json.begin_array();
    for (const RecipeInput& input : recipe.inputs) {
        const bool nested = std::holds_alternative<Recipe>(input.source);
        json.begin_object(nested ? Layout::lines : Layout::one_line);
        json.member("name", input.name);
        json.key("source");
        render(json, input.source);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    json.end_object();
}

void render(JsonWriter& json, const PlannedTarget& target) {
    json.begin_object(Layout::one_line);
    json.member("id", target.id.text);
    json.member("tag", target.spec.tag);
    if (target.spec.type == TargetType::file) {
        json.member("type", "file");
        json.member("path", target.spec.path);
    } else {
        json.member("type", "block");
        json.member("by", kBlockKindNames[static_cast<std::size_t>(target.spec.block.kind)]);
        json.member("value", target.spec.block.value);
    }
    json.key("uuid");
    target.uuid ? json.string(target.uuid->text()) : json.null();
    json.key("own");
    target.own ? json.string(target.own->text()) : json.null();
    json.end_object();
}

template <class S>
bool is_long(const S& source) {
    if constexpr (std::is_same_v<S, Source>) return std::holds_alternative<Recipe>(source);
    return false;
}

// A step that puts one source at one path.
template <class StepType>
void render_file_step(JsonWriter& json, std::string_view kind, const StepType& step) {
    json.begin_object(is_long(step.source) ? Layout::lines : Layout::one_line);
    json.member("step", kind);
    json.member("target", step.target.text);
    json.member("path", step.path.text());
    json.key("source");
    render(json, step.source);
    json.end_object();
}

template <class S>
void render(JsonWriter& json, const BasicStageFile<S>& step) {
    render_file_step(json, "stage_file", step);
}

template <class S>
void render(JsonWriter& json, const BasicProvideFile<S>& step) {
    render_file_step(json, "provide_file", step);
}

template <class S>
void render(JsonWriter& json, const BasicReplaceFile<S>& step) {
    render_file_step(json, "replace_file", step);
}

template <class S>
void render(JsonWriter& json, const BasicSwitchBootCode<S>& step) {
    json.begin_object();
    json.member("step", "switch_boot_code");
    json.member("target", step.target.text);
    json.key("boot_code");
    render(json, step.boot_code);
    json.key("keep");
    json.begin_array(Layout::one_line);
    for (const auto& range : step.keep) {
        json.begin_object();
        json.member("first", range.first);
        json.member("count", range.count);
        json.end_object();
    }
    json.end_array();
    json.member("pointer_offset", step.pointer_offset);
    json.key("slots");
    json.begin_array();
    for (const BasicBootSlot<S>& slot : step.slots) {
        json.begin_object();
        json.member("first_lba", slot.range.first_lba);
        json.member("count", slot.range.count);
        json.key("image");
        render(json, slot.image);
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

void render(JsonWriter& json, const FirmwareEntry& step) {
    json.begin_object(Layout::one_line);
    json.member("step", "firmware_entry");
    json.member("target", step.target.text);
    json.member("path", step.path.text());
    json.member("title", step.title);
    if (step.fallback) json.member("fallback", step.fallback->text());
    json.end_object();
}

void render(JsonWriter& json, const Reference& reference) {
    json.begin_object(Layout::one_line);
    json.member("path", reference.path);
    json.member("digest", reference.digest.hex());
    json.member("size", reference.size);
    json.member("target", reference.target.text);
    json.end_object();
}

template <class S>
void render(JsonWriter& json, const BasicStep<S>& step) {
    std::visit([&](const auto& kind) { render(json, kind); }, step);
}

template <class T>
void render_array(JsonWriter& json, std::string_view name, const std::vector<T>& elements) {
    json.key(name);
    json.begin_array();
    for (const T& element : elements) render(json, element);
    json.end_array();
}

template <class S>
std::string render_any(const BasicPlan<S>& plan) {
    JsonWriter json;
    json.begin_object();
    json.member("format", kPlanFormat);
    json.member("bootloader", plan.bootloader);
    json.key("generation");
    plan.generation ? json.number(*plan.generation) : json.null();
    render_other_default(json, plan.other_default);
    render_array(json, "targets", plan.targets);
    render_array(json, "steps", plan.steps);
    render_array(json, "references", plan.references);
    json.key("warnings");
    json.begin_array();
    for (const std::string& warning : plan.warnings) json.string(warning);
    json.end_array();
    json.end_object();
    return std::move(json).finish();
}

}  // namespace

void render_other_default(JsonWriter& json, const std::optional<OtherDefault>& other) {
    if (!other) return;
    json.key("other_default");
    json.begin_object(JsonWriter::Layout::one_line);
    json.key("generation");
    other->generation ? json.number(*other->generation) : json.null();
    json.end_object();
}

void render_target(JsonWriter& json, const PlannedTarget& target) {
    render(json, target);
}

std::string render_plan(const Plan& plan) {
    return render_any(plan);
}

std::string render_plan(const RealisedPlan& plan) {
    return render_any(plan);
}

}  // namespace cordwainer
