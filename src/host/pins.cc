#include "host/pins.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include "model/json_reader.h"
#include "model/json_writer.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

constexpr std::string_view kFormat = "cordwainer-pins/1";

std::filesystem::path pins_path(const std::filesystem::path& state) {
    return state / "pins.json";
}

}  // namespace

Result<std::vector<GenerationId>> read_pins(const std::filesystem::path& state) {
    std::vector<GenerationId> pins;
    const std::string name = pins_path(state).string();
    const Result<std::string> text = read_text_file(name);
    if (!text && text.error().code == Errc::not_found) return pins;
    if (!text) return text.error();
    const nlohmann::json parsed = TRY(parse_json(*text, name));
    const JsonPlace root(parsed, name);
    TRY_VOID(root.format(kFormat));
    TRY_VOID(root.only({"format", "generations"}));
    const JsonPlace generations = TRY(root.at("generations"));
    const auto places = TRY(generations.elements());
    for (const JsonPlace& place : places) pins.push_back(TRY(parse_id(place)));
    return pins;
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
    std::error_code error;
    std::filesystem::create_directories(state, error);
    if (error) return file_error(error.value(), "make the directory " + state.string());
    return write_durably(pins_path(state), as_bytes(std::move(json).finish()));
}

}  // namespace cordwainer
