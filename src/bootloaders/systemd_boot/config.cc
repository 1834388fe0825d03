#include "bootloaders/systemd_boot/config.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cordwainer::systemd_boot {
namespace {

constexpr std::array kPlatforms{
    Platform{
        .name = "x86_64-efi", .program = "systemd-bootx64.efi", .removable_program = "BOOTX64.EFI"},
    Platform{.name = "arm64-efi",
             .program = "systemd-bootaa64.efi",
             .removable_program = "BOOTAA64.EFI"},
};

constexpr const char* kPackage = "/usr/lib/systemd/boot/efi";

// The strings of a string or of a list of them, with their places.
std::vector<const ConfigValue*> strings_of(const ConfigValue& table, std::string_view key) {
    std::vector<const ConfigValue*> found;
    const ConfigValue* value = table.find(key);
    if (!value) return found;
    const auto add = [&](const ConfigValue& one) {
        if (std::holds_alternative<std::string>(one.value)) found.push_back(&one);
    };
    add(*value);
    if (const auto* list = std::get_if<ConfigList>(&value->value))
        std::ranges::for_each(*list, add);
    return found;
}

std::vector<std::string> texts_of(const ConfigValue& table, std::string_view key) {
    std::vector<std::string> texts;
    for (const ConfigValue* value : strings_of(table, key)) {
        texts.push_back(std::get<std::string>(value->value));
    }
    return texts;
}

std::vector<TargetSpec> targets_of(const ConfigValue& table, const std::string& key) {
    std::vector<TargetSpec> specs;
    for (const ConfigValue* value : strings_of(table, key)) {
        specs.push_back({.tag = key,
                         .type = TargetType::file,
                         .path = std::get<std::string>(value->value),
                         .block = {},
                         .location = value->location});
    }
    return specs;
}

// Overwrites `into` where the key is there.
template <class Value, class T>
void read_into(const ConfigValue& table, std::string_view key, T& into) {
    const ConfigValue* value = table.find(key);
    const auto* found = value ? std::get_if<Value>(&value->value) : nullptr;
    if (found) into = static_cast<T>(*found);
}

PackageRequest::Files system_file(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return {.directory = slash == 0 ? "/" : path.substr(0, slash),
            .suffix = path.substr(slash + 1),
            .with_text = false,
            .optional = true,
            .base = HostFile::Base::system};
}

std::string at(const ConfigValue& value, const std::string& text) {
    const std::string place = value.location.text();
    return place.empty() ? text : place + ": " + text;
}

}  // namespace

std::span<const Platform> all_platforms() {
    return kPlatforms;
}

Config read_config(const ConfigValue& table) {
    Config config;
    config.esps = targets_of(table, "esp");
    config.boots = targets_of(table, "boot");
    for (const std::string& name : texts_of(table, "platforms")) {
        const auto* const platform = std::ranges::find(kPlatforms, name, &Platform::name);
        if (platform != kPlatforms.end()) config.platforms.push_back(*platform);
    }
    if (!table.find("platforms")) config.platforms = {kPlatforms.front()};
    config.package = kPackage;
    read_into<std::string>(table, "package", config.package);
    read_into<bool>(table, "removable", config.removable);
    read_into<std::string>(table, "firmware-title", config.firmware_title);
    read_into<std::int64_t>(table, "default-generation", config.default_generation);
    read_into<std::int64_t>(table, "max-generations", config.max_generations);
    read_into<std::int64_t>(table, "timeout", config.timeout);
    read_into<std::string>(table, "console-mode", config.console_mode);
    read_into<bool>(table, "editor", config.editor);
    config.microcode = texts_of(table, "microcode");
    config.extra_initrds = texts_of(table, "extra-initrds");
    return config;
}

std::vector<std::string> check_combinations(const ConfigValue& table) {
    std::vector<std::string> problems;
    const Config config = read_config(table);
    if (const ConfigValue* esp = table.find("esp"); esp && config.esps.empty()) {
        problems.push_back(at(*esp, "`esp` is empty: name at least one EFI system partition"));
    }
    if (const ConfigValue* boot = table.find("boot"); boot && config.boots.empty()) {
        problems.push_back(at(*boot, "`boot` is empty: name a partition, or remove the key"));
    }
    for (const ConfigValue* boot : strings_of(table, "boot")) {
        const auto& path = std::get<std::string>(boot->value);
        if (std::ranges::find(config.esps, path, &TargetSpec::path) == config.esps.end()) continue;
        problems.push_back(at(*boot,
                              "`boot` and `esp` both name " + path +
                                  ": remove `boot`, which is for a second partition"));
    }
    const std::vector<std::string> names = texts_of(table, "platforms");
    if (const ConfigValue* platforms = table.find("platforms")) {
        if (names.empty()) {
            problems.push_back(
                at(*platforms, "`platforms` is empty: name at least one, or remove the key"));
        }
        for (auto name = names.begin(); name != names.end(); ++name) {
            if (std::find(names.begin(), name, *name) != name) {
                problems.push_back(at(*platforms, "`platforms` names " + *name + " twice"));
            }
        }
    }
    if (const ConfigValue* title = table.find("firmware-title"); title && config.removable) {
        problems.push_back(at(*title,
                              "`firmware-title` is for a firmware entry, which is made only with "
                              "`removable = false`: set that, or remove `firmware-title`"));
    }
    return problems;
}

PackageRequest package_request(const Config& config) {
    PackageRequest request;
    request.files.push_back({.directory = config.package,
                             .suffix = ".efi",
                             .with_text = false,
                             .optional = false,
                             .base = HostFile::Base::machine});
    for (const auto& paths : {config.microcode, config.extra_initrds}) {
        for (const std::string& path : paths) request.files.push_back(system_file(path));
    }
    return request;
}

}  // namespace cordwainer::systemd_boot
