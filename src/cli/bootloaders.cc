#include "cli/bootloaders.h"

#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "bootloaders/registry.h"
#include "cli/output.h"
#include "core/nearest.h"
#include "sys/spawn.h"

namespace cordwainer::cli {
namespace {

// A key of a schema with its path: "serial.unit", "entries[].title".
struct FlatKey {
    std::string path;
    const ConfigKey* key = nullptr;
};

void flatten(const ConfigSchema& schema, const std::string& prefix, std::vector<FlatKey>& keys);

void flatten_type(const ConfigType& type, const std::string& path, std::vector<FlatKey>& keys) {
    for (const ConfigSchema& table : type.table) flatten(table, path + ".", keys);
    for (const ConfigType& element : type.element) flatten_type(element, path + "[]", keys);
    for (const ConfigType& alternative : type.alternatives) flatten_type(alternative, path, keys);
}

void flatten(const ConfigSchema& schema, const std::string& prefix, std::vector<FlatKey>& keys) {
    for (const ConfigKey& key : schema.keys) {
        keys.push_back({prefix + key.name, &key});
        flatten_type(key.type, prefix + key.name, keys);
    }
}

std::string without_brackets(std::string path) {
    for (std::size_t at = path.find("[]"); at != std::string::npos; at = path.find("[]")) {
        path.erase(at, 2);
    }
    return path;
}

// A value that is a table or a list of such tables has one set of keys.
std::vector<FlatKey> flattened(const ConfigSchema& schema) {
    std::vector<FlatKey> keys;
    flatten(schema, "", keys);
    std::set<std::string> seen;
    std::erase_if(
        keys, [&](const FlatKey& key) { return !seen.insert(without_brackets(key.path)).second; });
    return keys;
}

// What this machine lacks to install the bootloader as its defaults are; empty when nothing.
std::vector<std::string> missing_here(const Bootloader& bootloader) {
    const auto request =
        bootloader.package(ConfigValue{.value = ConfigTable{}, .location = {}, .key_location = {}});
    if (!request) return {request.error().message()};
    std::vector<std::string> missing;
    for (const std::string& program : request->programs) {
        if (!find_program(program)) {
            missing.push_back(fmt::format("the program {} is not installed", program));
        }
    }
    for (const PackageRequest::Files& files : request->files) {
        std::error_code failed;
        if (files.optional || std::filesystem::is_directory(files.directory, failed)) continue;
        missing.push_back(fmt::format("there is no directory {}", files.directory));
    }
    return missing;
}

const char* type_text(TargetType type) {
    return type == TargetType::file ? "file" : "block";
}

Json overview_json(const Bootloader& bootloader) {
    const auto missing = missing_here(bootloader);
    return {{"name", bootloader.name},
            {"meaning", bootloader.meaning},
            {"usable", missing.empty()},
            {"problems", missing}};
}

Json details_json(const Bootloader& bootloader) {
    Json value = overview_json(bootloader);
    value["installers"] = Json::array();
    for (const Installer& installer : bootloader.installers) {
        value["installers"].push_back({{"tag", installer.tag},
                                       {"type", type_text(installer.type)},
                                       {"meaning", installer.meaning}});
    }
    value["keys"] = Json::array();
    for (const auto& [path, key] : flattened(bootloader.schema)) {
        const Json default_value = key->default_text.empty() ? Json() : Json(key->default_text);
        value["keys"].push_back({{"key", path},
                                 {"type", describe(key->type)},
                                 {"required", key->required},
                                 {"default", default_value},
                                 {"meaning", key->meaning}});
    }
    return value;
}

Result<void> show_json(Json bootloaders) {
    return print_json(
        Json{{"format", "cordwainer-bootloaders/1"}, {"bootloaders", std::move(bootloaders)}});
}

Result<void> show_all(bool json) {
    Json list = Json::array();
    std::string text;
    for (const Bootloader& bootloader : all_bootloaders()) {
        list.push_back(overview_json(bootloader));
        const auto missing = missing_here(bootloader);
        text += fmt::format("{}: {}\n    ", bootloader.name, bootloader.meaning);
        text += missing.empty() ? "can be installed from this machine\n"
                                : fmt::format("cannot be installed from this machine: {}\n",
                                              fmt::join(missing, "; "));
    }
    if (json) return show_json(std::move(list));
    text += "none: nothing is installed; the kernel is started by other means\n";
    return print(text);
}

Result<void> show_one(const Bootloader& bootloader, bool json) {
    if (json) return show_json(Json::array({details_json(bootloader)}));
    std::string text = fmt::format("{}: {}\n\nIt installs:\n", bootloader.name, bootloader.meaning);
    for (const Installer& installer : bootloader.installers) {
        text += fmt::format(
            "  {} ({}): {}\n", installer.tag, type_text(installer.type), installer.meaning);
    }
    text += fmt::format("\nKeys of [{}]:\n", bootloader.name);
    for (const auto& [path, key] : flattened(bootloader.schema)) {
        text += fmt::format("\n  {}: {}", path, describe(key->type));
        if (key->required) text += ", required";
        if (!key->default_text.empty()) text += fmt::format(", default {}", key->default_text);
        text += fmt::format("\n      {}\n", key->meaning);
    }
    return print(text);
}

Result<void> show(const std::string& name, bool json) {
    if (name.empty()) return show_all(json);
    std::vector<std::string> names;
    for (const Bootloader& bootloader : all_bootloaders()) {
        if (bootloader.name == name) return show_one(bootloader, json);
        names.push_back(bootloader.name);
    }
    const auto best = nearest(name, names);
    return Error(Errc::not_found,
                 fmt::format("there is no bootloader \"{}\"{} (known: {})",
                             name,
                             best ? fmt::format("; did you mean \"{}\"?", *best) : "",
                             fmt::join(names, ", ")));
}

}  // namespace

Command bootloaders_command() {
    return {
        .name = "bootloaders",
        .summary = "shows what can be installed, and the keys of its configuration",
        .declare = [] -> Declared {
            auto name = std::make_shared<std::string>();
            return {.options = {{.names = {"NAME"},
                                 .meaning = "Show every key of this bootloader's configuration",
                                 .target = name.get()}},
                    .run = [name](const Common& common) -> Result<int> {
                        TRY_VOID(show(*name, common.json));
                        return kDone;
                    }};
        },
        .details = R"(The keys are those of the bootloader's own table in the configuration file.

Examples:

  cordwainer bootloaders
  cordwainer bootloaders grub)",
    };
}

}  // namespace cordwainer::cli
