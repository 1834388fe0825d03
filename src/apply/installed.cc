#include "apply/installed.h"

#include <algorithm>
#include <utility>

#include "model/json_reader.h"
#include "model/json_writer.h"
#include "model/plan_json.h"

namespace cordwainer {
namespace {

constexpr std::string_view kInstalledFormat = "cordwainer-installed/1";

}  // namespace

std::optional<GenerationId> default_of(const Installed& installed) {
    if (!installed.other_default) return installed.boots;
    const auto found = std::ranges::find_if(installed.generations, [&](const GenerationId& id) {
        return id.number == installed.other_default->generation;
    });
    return found == installed.generations.end() ? std::nullopt : std::optional(*found);
}

void render_id(JsonWriter& json, const GenerationId& id) {
    json.begin_object(JsonWriter::Layout::one_line);
    json.member("number", id.number);
    json.member("identity", id.identity);
    json.end_object();
}

Result<GenerationId> parse_id(const JsonPlace& place) {
    TRY_VOID(place.only({"number", "identity"}));
    GenerationId id;
    id.number = TRY(place.number("number"));
    id.identity = TRY(place.string("identity"));
    return id;
}

GenerationId id_of(const Generation& generation) {
    return {.number = generation.number, .identity = generation.identity};
}

const Generation* find_generation(const Generations& generations, const GenerationId& id) {
    const auto found = std::ranges::find_if(
        generations.list, [&](const Generation& generation) { return id_of(generation) == id; });
    return found == generations.list.end() ? nullptr : &*found;
}

std::optional<std::string> why_ended(const std::optional<GenerationId>& chosen,
                                     const Installed& installed,
                                     const Generations& generations) {
    if (!chosen) return std::nullopt;
    const std::string number = std::to_string(chosen->number);
    if (!find_generation(generations, *chosen)) {
        const bool used_again =
            std::ranges::find(generations.list, chosen->number, &Generation::number) !=
            generations.list.end();
        return "generation " + number +
               (used_again ? " is another one by now" : " is not there any more");
    }
    const auto added = std::ranges::find_if(generations.list, [&](const Generation& generation) {
        return std::ranges::count(installed.generations, id_of(generation)) == 0;
    });
    if (added == generations.list.end()) return std::nullopt;
    return "generation " + std::to_string(added->number) + " is new";
}

std::optional<GenerationId> open_switch(const Installed& installed, const Generation* current) {
    if (current && installed.switching == id_of(*current)) return std::nullopt;
    return installed.switching;
}

bool same_place(const PlannedTarget& a, const PlannedTarget& b) {
    return a.spec.type == b.spec.type && a.spec.path == b.spec.path &&
           a.spec.block == b.spec.block && a.own == b.own;
}

std::vector<PlannedTarget> with_targets(std::vector<PlannedTarget> targets,
                                        const std::vector<PlannedTarget>& more) {
    for (const PlannedTarget& target : more) {
        const bool known = std::ranges::any_of(
            targets, [&](const PlannedTarget& other) { return same_place(target, other); });
        if (!known) targets.push_back(target);
    }
    return targets;
}

std::string render_installed(const Installed& installed) {
    JsonWriter json;
    json.begin_object();
    json.member("format", kInstalledFormat);
    json.member("bootloader", installed.bootloader);
    json.key("boots");
    installed.boots ? render_id(json, *installed.boots) : json.null();
    render_other_default(json, installed.other_default);
    json.key("generations");
    json.begin_array();
    for (const GenerationId& id : installed.generations) render_id(json, id);
    json.end_array();
    json.key("kept");
    installed.kept ? render_id(json, *installed.kept) : json.null();
    if (installed.switching) {
        json.key("switching");
        render_id(json, *installed.switching);
    }
    json.key("targets");
    json.begin_array();
    for (const PlannedTarget& target : installed.targets) render_target(json, target);
    json.end_array();
    json.end_object();
    return std::move(json).finish();
}

Result<Installed> parse_installed(std::string_view json, const std::string& source_name) {
    const nlohmann::json parsed = TRY(parse_json(json, source_name));
    const JsonPlace root(parsed, source_name);
    TRY_VOID(root.format(kInstalledFormat));
    TRY_VOID(root.only({"format",
                        "bootloader",
                        "boots",
                        "other_default",
                        "generations",
                        "kept",
                        "switching",
                        "targets"}));
    Installed installed;
    installed.bootloader = TRY(root.string("bootloader"));
    const auto boots = TRY(root.find("boots"));
    if (boots) installed.boots = TRY(parse_id(*boots));
    installed.other_default = TRY(parse_other_default(root));
    const JsonPlace generations = TRY(root.at("generations"));
    const auto ids = TRY(generations.elements());
    for (const JsonPlace& place : ids) installed.generations.push_back(TRY(parse_id(place)));
    const auto kept = TRY(root.find("kept"));
    if (kept) installed.kept = TRY(parse_id(*kept));
    const auto switching = TRY(root.find("switching"));
    if (switching) installed.switching = TRY(parse_id(*switching));
    const JsonPlace targets = TRY(root.at("targets"));
    const auto places = TRY(targets.elements());
    for (const JsonPlace& place : places) installed.targets.push_back(TRY(parse_target(place)));
    return installed;
}

}  // namespace cordwainer
