#include "formats/boot_json.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "core/rel_path.h"
#include "core/utc_time.h"
#include "formats/located_json.h"
#include "model/config_schema.h"

namespace cordwainer {
namespace {

constexpr const char* kFormat = "cordwainer-boot-parameters/2";

using Kind = ConfigType::Kind;
using Check = std::optional<std::string> (*)(const std::string&);

std::optional<std::string> check_text(const std::string& text) {
    if (text.find('\0') == std::string::npos) return std::nullopt;
    return "text without NUL characters";
}

std::optional<std::string> check_path(const std::string& text) {
    if (RelPath::parse(text)) return std::nullopt;
    return "a path without \".\" and \"..\"";
}

std::optional<std::string> check_absolute(const std::string& text) {
    if (text.starts_with('/') && !check_text(text)) return std::nullopt;
    return "an absolute path";
}

std::optional<std::string> check_time(const std::string& text) {
    if (parse_utc(text)) return std::nullopt;
    return "a time in UTC such as 2026-11-22T10:00:00Z";
}

std::optional<std::string> check_uuid(const std::string& text) {
    if (Uuid::parse(text)) return std::nullopt;
    return "a UUID";
}

ConfigType string_type(Check check) {
    ConfigType type;
    type.kind = Kind::string;
    type.check = check;
    return type;
}

ConfigType list_of(ConfigType element) {
    ConfigType type;
    type.kind = Kind::list;
    type.element.push_back(std::move(element));
    return type;
}

ConfigType table_of(ConfigSchema schema) {
    ConfigType type;
    type.kind = Kind::table;
    type.table.push_back(std::move(schema));
    return type;
}

ConfigKey key(const char* name, ConfigType type, const char* meaning, bool required = false) {
    return {.name = name,
            .type = std::move(type),
            .required = required,
            .default_text = "",
            .meaning = meaning};
}

ConfigSchema make_schema() {
    const ConfigSchema device{"store.device",
                              {key("uuid", string_type(check_uuid), "The file system's UUID."),
                               key("label", string_type(check_text), "The file system's label."),
                               key("nfs", string_type(check_text), "An export, HOST:/PATH.")}};
    const ConfigSchema store{
        "store",
        {key("device", table_of(device), "The file system that holds the files."),
         key("mount_point", string_type(check_absolute), "Where that is mounted."),
         key("directory_prefix", string_type(check_absolute), "The btrfs subvolume in it."),
         key("crypto_devices",
             list_of(string_type(check_uuid)),
             "LUKS containers to open first.")}};
    return {"",
            {key("format", string_type(check_text), "Format and version of this file.", true),
             key("label", string_type(check_text), "What a menu shows.", true),
             key("kernel", string_type(check_path), "The kernel's file.", true),
             key("initrds", list_of(string_type(check_path)), "In loading order."),
             key("command_line", string_type(check_text), "The kernel's arguments.", true),
             key("multiboot_modules",
                 list_of(list_of(string_type(check_text))),
                 "Each: a file and its arguments."),
             key("device_tree", string_type(check_path), "The device tree's file."),
             key("created", string_type(check_time), "When the generation was made.", true),
             key("store", table_of(store), "Where the boot side finds the files.")}};
}

const ConfigSchema& schema() {
    static const ConfigSchema kSchema = make_schema();
    return kSchema;
}

Error fail(const ConfigValue& value, const std::string& why, Errc code = Errc::invalid_input) {
    return {code, value.location.text() + ": " + why};
}

// The accessors below follow check_config, which has made sure of the types.

std::string text_at(const ConfigValue& table, const char* name) {
    const ConfigValue* value = table.find(name);
    return value ? std::get<std::string>(value->value) : "";
}

std::vector<std::string> texts_of(const ConfigValue& list) {
    std::vector<std::string> texts;
    for (const ConfigValue& value : std::get<ConfigList>(list.value)) {
        texts.push_back(std::get<std::string>(value.value));
    }
    return texts;
}

// Without superfluous slashes.
std::string clean_path(const std::string& text) {
    const auto path = RelPath::parse(text);
    return path ? (text.starts_with('/') ? "/" : "") + path->text() : text;
}

Result<DeviceRef> read_device(const ConfigValue& store) {
    const ConfigValue* device = store.find("device");
    if (!device) return DeviceRef{};
    int named = 0;
    for (const char* name : {"uuid", "label", "nfs"}) named += device->find(name) ? 1 : 0;
    if (named != 1) {
        return fail(*device, "a device has exactly one of \"uuid\", \"label\" and \"nfs\"");
    }
    if (device->find("label")) return FileSystemLabel{text_at(*device, "label")};
    if (device->find("nfs")) return NfsExport{text_at(*device, "nfs")};
    return Uuid::parse(text_at(*device, "uuid")).value();
}

Result<Store> read_store(const ConfigValue& document) {
    Store store;
    const ConfigValue* table = document.find("store");
    if (!table) return store;
    store.device = TRY(read_device(*table));
    if (table->find("mount_point")) store.mount_point = text_at(*table, "mount_point");
    if (table->find("directory_prefix")) {
        store.directory_prefix = text_at(*table, "directory_prefix");
    }
    if (const ConfigValue* devices = table->find("crypto_devices")) {
        for (const std::string& uuid : texts_of(*devices)) {
            store.crypto_devices.push_back(Uuid::parse(uuid).value());
        }
    }
    return store;
}

Result<std::vector<std::vector<std::string>>> read_modules(const ConfigValue& document) {
    std::vector<std::vector<std::string>> modules;
    const ConfigValue* list = document.find("multiboot_modules");
    if (!list) return modules;
    for (const ConfigValue& value : std::get<ConfigList>(list->value)) {
        std::vector<std::string> module = texts_of(value);
        if (module.empty() || check_path(module.front())) {
            return fail(value, "a multiboot module begins with a path without \".\" and \"..\"");
        }
        module.front() = clean_path(module.front());
        modules.push_back(std::move(module));
    }
    return modules;
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
    const ConfigValue document = TRY(parse_located_json(file, text));
    const ConfigValue* format = document.find("format");
    const auto* name = format ? std::get_if<std::string>(&format->value) : nullptr;
    if (name && *name != kFormat) {
        return fail(*format,
                    "boot parameters of format \"" + *name +
                        "\" are not known to this cordwainer, which reads \"" + kFormat + "\"",
                    Errc::unsupported);
    }
    const std::vector<std::string> problems = check_config(schema(), document);
    if (!problems.empty()) return Error(Errc::invalid_input, problems.front());

    NativeParameters parameters;
    parameters.label = text_at(document, "label");
    parameters.kernel = clean_path(text_at(document, "kernel"));
    if (const ConfigValue* initrds = document.find("initrds")) {
        for (const std::string& path : texts_of(*initrds)) {
            parameters.initrds.push_back(clean_path(path));
        }
    }
    parameters.command_line = text_at(document, "command_line");
    parameters.multiboot_modules = TRY(read_modules(document));
    if (document.find("device_tree")) {
        parameters.device_tree = clean_path(text_at(document, "device_tree"));
    }
    parameters.created = parse_utc(text_at(document, "created")).value();
    parameters.store = TRY(read_store(document));
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
        if (i < stored.size() && stored[i] == '"') quoted = !quoted;
        const bool blank =
            i < stored.size() && (stored[i] == ' ' || (stored[i] >= '\t' && stored[i] <= '\r'));
        if (i < stored.size() && (!blank || quoted)) continue;
        if (stored.substr(start, i - start) == wanted) return std::string(stored);
        start = i + 1;
    }
    return std::string(stored) + (stored.empty() ? "" : " ") + wanted;
}

}  // namespace cordwainer
