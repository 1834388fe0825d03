#include "formats/boot_json.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "core/rel_path.h"
#include "core/utc_time.h"
#include "model/json_reader.h"

namespace cordwainer {
namespace {

constexpr const char* kFormat = "cordwainer-boot-parameters/2";

Result<std::string> text_of(const JsonPlace& place) {
    std::string text = TRY(place.string());
    if (text.find('\0') != std::string::npos) return place.error("must not contain NUL characters");
    return text;
}

// A path that cannot climb: absolute, or relative to the generation's directory.
Result<std::string> path_of(const JsonPlace& place) {
    const std::string text = TRY(place.string());
    const Result<RelPath> path = RelPath::parse(text);
    if (!path) return place.error(path.error().message());
    return (text.starts_with('/') ? "/" : "") + path->text();
}

Result<std::string> absolute_path_of(const JsonPlace& place) {
    std::string text = TRY(text_of(place));
    if (!text.starts_with('/')) return place.error("must be an absolute path");
    return text;
}

Result<Uuid> uuid_of(const JsonPlace& place) {
    const std::string text = TRY(place.string());
    const auto uuid = Uuid::parse(text);
    if (!uuid) return place.error("must be a UUID");
    return *uuid;
}

// The list of member `key`, each element read by `read`; empty where it is missing.
template <class T>
Result<std::vector<T>> list_at(const JsonPlace& object,
                               const char* key,
                               Result<T> (*read)(const JsonPlace&)) {
    std::vector<T> list;
    const auto place = TRY(object.find(key));
    if (!place) return list;
    const auto elements = TRY(place->elements());
    for (const JsonPlace& element : elements) {
        T value = TRY(read(element));
        list.push_back(std::move(value));
    }
    return list;
}

// The member `key`, read by `read`; nothing where it is missing.
template <class T>
Result<std::optional<T>> optional_at(const JsonPlace& object,
                                     const char* key,
                                     Result<T> (*read)(const JsonPlace&)) {
    const auto place = TRY(object.find(key));
    if (!place) return std::nullopt;
    T value = TRY(read(*place));
    return value;
}

// A module: its path and its arguments.
Result<std::vector<std::string>> module_of(const JsonPlace& place) {
    const auto elements = TRY(place.elements());
    if (elements.empty()) return place.error("must begin with a path");
    std::vector<std::string> module;
    for (const JsonPlace& element : elements) {
        std::string text = TRY(module.empty() ? path_of(element) : text_of(element));
        module.push_back(std::move(text));
    }
    return module;
}

Result<DeviceRef> device_of(const JsonPlace& place) {
    TRY_VOID(place.only({"uuid", "label", "nfs"}));
    const auto members = TRY(place.members());
    if (members.size() != 1) return place.error("must have one of \"uuid\", \"label\" and \"nfs\"");
    const auto& [name, value] = members.front();
    if (name == "uuid") {
        Uuid uuid = TRY(uuid_of(value));
        return DeviceRef(std::move(uuid));
    }
    std::string text = TRY(text_of(value));
    if (name == "nfs") return DeviceRef(NfsExport{std::move(text)});
    return DeviceRef(FileSystemLabel{std::move(text)});
}

Result<Store> store_of(const JsonPlace& place) {
    TRY_VOID(place.only({"device", "mount_point", "directory_prefix", "crypto_devices"}));
    Store store;
    auto device = TRY(optional_at(place, "device", device_of));
    if (device) store.device = *std::move(device);
    auto mount_point = TRY(optional_at(place, "mount_point", absolute_path_of));
    if (mount_point) store.mount_point = *std::move(mount_point);
    store.directory_prefix = TRY(optional_at(place, "directory_prefix", absolute_path_of));
    store.crypto_devices = TRY(list_at(place, "crypto_devices", uuid_of));
    return store;
}

Result<std::int64_t> time_of(const JsonPlace& place) {
    const std::string text = TRY(place.string());
    const auto time = parse_utc(text);
    if (!time) return place.error("must be a time in UTC such as 2026-11-22T10:00:00Z");
    return *time;
}

// The member `key`, which must be there, read by `read`.
template <class T>
Result<T> value_at(const JsonPlace& object, const char* key, Result<T> (*read)(const JsonPlace&)) {
    const JsonPlace place = TRY(object.at(key));
    return read(place);
}

Result<void> check_format(const JsonPlace& document) {
    const std::string format = TRY(value_at(document, "format", text_of));
    if (format == kFormat) return {};
    Error error =
        document.error("boot parameters of format \"" + format +
                       "\" are not known to this cordwainer, which reads \"" + kFormat + "\"");
    error.code = Errc::unsupported;
    return error;
}

using Json = nlohmann::ordered_json;

Json device_json(const DeviceRef& device) {
    if (const auto* uuid = std::get_if<Uuid>(&device)) return {{"uuid", uuid->text()}};
    if (const auto* label = std::get_if<FileSystemLabel>(&device)) return {{"label", label->text}};
    if (const auto* nfs = std::get_if<NfsExport>(&device)) return {{"nfs", nfs->text}};
    return nullptr;
}

Json optional_json(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

}  // namespace

Result<NativeParameters> parse_boot_json(const std::string& file, std::string_view text) {
    const nlohmann::json json = TRY(parse_json(text, file));
    const JsonPlace document(json, file);
    TRY_VOID(check_format(document));  // first: another format may have other keys
    TRY_VOID(document.only({"format",
                            "label",
                            "kernel",
                            "initrds",
                            "command_line",
                            "multiboot_modules",
                            "device_tree",
                            "created",
                            "store"}));
    NativeParameters parameters;
    parameters.label = TRY(value_at(document, "label", text_of));
    parameters.kernel = TRY(value_at(document, "kernel", path_of));
    parameters.initrds = TRY(list_at(document, "initrds", path_of));
    parameters.command_line = TRY(value_at(document, "command_line", text_of));
    parameters.multiboot_modules = TRY(list_at(document, "multiboot_modules", module_of));
    parameters.device_tree = TRY(optional_at(document, "device_tree", path_of));
    parameters.created = TRY(value_at(document, "created", time_of));
    auto store = TRY(optional_at(document, "store", store_of));
    if (store) parameters.store = *std::move(store);
    return parameters;
}

Result<std::string> render_boot_json(const NativeParameters& parameters) {
    Json crypto = Json::array();
    for (const Uuid& uuid : parameters.store.crypto_devices) crypto.push_back(uuid.text());
    Json document;
    document["format"] = kFormat;
    document["label"] = parameters.label;
    document["kernel"] = parameters.kernel;
    document["initrds"] = parameters.initrds;
    document["command_line"] = parameters.command_line;
    document["multiboot_modules"] = parameters.multiboot_modules;
    document["device_tree"] = optional_json(parameters.device_tree);
    document["created"] = utc_text(parameters.created);
    Json& store = document["store"];
    store["device"] = device_json(parameters.store.device);
    store["mount_point"] = parameters.store.mount_point;
    store["directory_prefix"] = optional_json(parameters.store.directory_prefix);
    store["crypto_devices"] = std::move(crypto);
    try {
        return document.dump(2) + "\n";
    } catch (const Json::exception&) {  // the only thing that it throws for
        return Error(
            Errc::invalid_input,
            "the boot parameters hold text that is not UTF-8, which boot.json cannot keep");
    }
}

std::string native_command_line(std::string_view stored, std::uint64_t number) {
    const std::string wanted = "cordwainer.generation=" + std::to_string(number);
    bool quoted = false;
    std::size_t start = 0;
    for (std::size_t i = 0; i <= stored.size(); ++i) {
        const char c = i < stored.size() ? stored[i] : ' ';
        if (c == '"') quoted = !quoted;
        const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
        if (i < stored.size() && (!blank || quoted)) continue;
        if (stored.substr(start, i - start) == wanted) return std::string(stored);
        start = i + 1;
    }
    return std::string(stored) + (stored.empty() ? "" : " ") + wanted;
}

}  // namespace cordwainer
