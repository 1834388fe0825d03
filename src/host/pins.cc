#include "host/pins.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "host/state_files.h"
#include "model/json_reader.h"
#include "model/json_writer.h"

namespace cordwainer {
namespace {

constexpr std::string_view kFormat = "cordwainer-pins/1";

std::filesystem::path pins_path(const std::filesystem::path& state) {
    return state / "pins.json";
}

Result<std::vector<GenerationId>> parse_pins(std::string_view text, const std::string& name) {
    std::vector<GenerationId> pins;
    const nlohmann::json parsed = TRY(parse_json(text, name));
    const JsonPlace root(parsed, name);
    TRY_VOID(root.format(kFormat));
    TRY_VOID(root.only({"format", "generations"}));
    const JsonPlace generations = TRY(root.at("generations"));
    const auto places = TRY(generations.elements());
    for (const JsonPlace& place : places) pins.push_back(TRY(parse_id(place)));
    return pins;
}

}  // namespace

Result<std::vector<GenerationId>> read_pins(const std::filesystem::path& state) {
    const std::filesystem::path path = pins_path(state);
    const auto text = TRY(read_state_file(path));
    if (!text) return std::vector<GenerationId>();
    auto pins = parse_pins(*text, path.string());
    if (pins) return pins;
    return damaged_state_file(
        pins.error(), path, "forgets all pins; `cordwainer pin` what is to be kept");
}

Result<void> write_pins(const std::filesystem::path& state, std::vector<GenerationId> pins) {
    std::ranges::sort(pins, {}, [](const GenerationId& id) {
        return std::tuple(id.number, std::string_view(id.identity));
    });
    JsonWriter json;
    json.begin_object();
    json.member("format", kFormat);
    json.key("generations");
    json.begin_array();
    for (const GenerationId& id : pins) render_id(json, id);
    json.end_array();
    json.end_object();
    return write_state_file(pins_path(state), std::move(json).finish());
}

}  // namespace cordwainer
