#include "apply/record.h"

#include <map>
#include <utility>

#include "model/json_reader.h"
#include "model/json_writer.h"
#include "model/plan_json.h"

namespace cordwainer {
namespace {

constexpr std::string_view kRecordFormat = "cordwainer-record/1";

void add(std::map<Digest, std::uint64_t>& objects, const RealisedSource& source) {
    if (const auto* object = std::get_if<ObjectRef>(&source))
        objects.emplace(object->digest, object->size);
}

struct Collect {
    std::map<Digest, std::uint64_t>& objects;

    void operator()(const BasicStageFile<RealisedSource>& step) const { add(objects, step.source); }

    void operator()(const BasicProvideFile<RealisedSource>& step) const {
        add(objects, step.source);
    }

    void operator()(const BasicReplaceFile<RealisedSource>& step) const {
        add(objects, step.source);
    }

    void operator()(const BasicSwitchBootCode<RealisedSource>& step) const {
        add(objects, step.boot_code);
        for (const auto& slot : step.slots) add(objects, slot.image);
    }

    void operator()(const FirmwareEntry&) const {}
};

}  // namespace

std::vector<ObjectRef> objects_of(const RealisedPlan& plan) {
    std::map<Digest, std::uint64_t> objects;
    for (const RealisedStep& step : plan.steps) std::visit(Collect{objects}, step);
    std::vector<ObjectRef> all;
    for (const auto& [digest, size] : objects) all.push_back({.digest = digest, .size = size});
    return all;
}

std::string render_record(const Record& record) {
    JsonWriter json;
    json.begin_object();
    json.member("format", kRecordFormat);
    json.member("generation", record.generation);
    json.member("identity", record.identity);
    json.member("bootloader", record.bootloader);
    json.member("configuration", record.configuration);
    json.key("plan");
    json.json(render_plan(record.plan));
    json.key("objects");
    json.begin_array();
    for (const ObjectRef& object : record.objects) {
        json.begin_object(JsonWriter::Layout::one_line);
        json.member("object", object.digest.hex());
        json.member("size", object.size);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return std::move(json).finish();
}

Result<Record> parse_record(std::string_view json, const std::string& source_name) {
    const nlohmann::json parsed = TRY(parse_json(json, source_name));
    const JsonPlace root(parsed, source_name);
    TRY_VOID(root.format(kRecordFormat));
    TRY_VOID(root.only(
        {"format", "generation", "identity", "bootloader", "configuration", "plan", "objects"}));
    Record record;
    record.generation = TRY(root.number("generation"));
    record.identity = TRY(root.string("identity"));
    record.bootloader = TRY(root.string("bootloader"));
    record.configuration = TRY(root.string("configuration"));
    const JsonPlace plan = TRY(root.at("plan"));
    record.plan = TRY(parse_realised_plan(plan));
    const JsonPlace objects = TRY(root.at("objects"));
    const auto elements = TRY(objects.elements());
    for (const JsonPlace& place : elements) {
        TRY_VOID(place.only({"object", "size"}));
        ObjectRef object;
        object.digest = TRY(place.digest("object"));
        object.size = TRY(place.number("size"));
        record.objects.push_back(object);
    }
    return record;
}

}  // namespace cordwainer
