// Requests for planning tests: systemd-boot's package, a system, its targets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bootloaders/systemd_boot/bootloader.h"
#include "model/config_schema.h"
#include "model/planning.h"

namespace cordwainer::systemd_boot::testing {

template <class T>
ConfigValue value_of(T value) {
    ConfigValue made;
    made.value = std::move(value);
    made.location = {.file = "config.toml", .line = 1, .column = 1};
    made.key_location = made.location;
    return made;
}

inline ConfigValue text(std::string value) {
    return value_of(std::move(value));
}

inline ConfigValue number(std::int64_t value) {
    return value_of(value);
}

inline ConfigValue flag(bool value) {
    return value_of(value);
}

inline ConfigValue texts(std::initializer_list<const char*> values) {
    ConfigList made;
    for (const char* value : values) made.push_back(text(value));
    return value_of(std::move(made));
}

inline BootFile boot_file(const std::string& path) {
    return {.path = path, .present = true, .size = 4096, .digest = sha256(path)};
}

// A generation as Guix has it.
inline Generation generation(std::uint64_t number) {
    const std::string n = std::to_string(number);
    Generation made;
    made.number = number;
    made.created = 1700000000 + static_cast<std::int64_t>(number) * 86400;
    made.identity = "/gnu/store/" + n + "-system";
    made.parameters.label = "GNU with Linux-Libre 6.1." + n;
    made.parameters.kernel = boot_file("/gnu/store/" + n + "-linux/bzImage");
    made.parameters.initrds = {boot_file("/gnu/store/" + n + "-raw-initrd/initrd.cpio.gz")};
    made.parameters.command_line = "root=LABEL=root gnu.system=/var/guix/profiles/system-" + n +
                                   "-link gnu.load=/var/guix/profiles/system-" + n +
                                   "-link/boot quiet";
    return made;
}

inline Volume esp_volume() {
    return {.layers = {PartitionTable{PartitionTable::Kind::gpt}},
            .file_system = "vfat",
            .features = {},
            .uuid = Uuid::parse("1C31-A17C").value(),
            .label = "ESP"};
}

// Everything that a plan is made from. By default one ESP and two generations, the second current.
struct Scenario {
    ConfigTable config;
    std::vector<Generation> generations{generation(1), generation(2)};
    std::vector<Target> targets;
    Package package;

    Scenario() : Scenario({"/boot/efi"}) {}

    explicit Scenario(const std::vector<std::string>& esps,
                      const std::vector<std::string>& boots = {}) {
        generations.back().current = true;
        add_targets("boot", boots);
        add_targets("esp", esps);
        for (const char* name : {"systemd-bootx64.efi", "systemd-bootaa64.efi"}) {
            add_program(std::string("/usr/lib/systemd/boot/efi/") + name);
        }
    }

    void set(const std::string& key, ConfigValue value) {
        config.emplace_back(key, std::move(value));
    }

    void make_current(std::uint64_t current) {
        for (Generation& each : generations) each.current = each.number == current;
    }

    void add_program(const std::string& path) {
        package.files[path].source = {
            .base = HostFile::Base::machine, .path = path, .digest = sha256(path), .size = 95000};
    }

    void add_system_file(const std::string& path) {
        package.system_files[path].source = {
            .base = HostFile::Base::system, .path = path, .digest = sha256(path), .size = 1000};
    }

    // Plans; what the configuration's checks find is an error, too.
    [[nodiscard]] Result<Plan> plan() const {
        const Bootloader loader = bootloader();
        const ConfigValue value = value_of(config);
        for (const auto& problems : {check_config(loader.schema, value), loader.check(value)}) {
            if (!problems.empty()) return Error(Errc::invalid_input, problems.front());
        }
        return make_plan(loader, value, generations, targets, {.volumes = {}, .package = package});
    }

  private:
    void add_targets(const std::string& tag, const std::vector<std::string>& paths) {
        if (paths.empty()) return;
        ConfigList list;
        for (const std::string& path : paths) {
            Target target;
            target.id = {list.empty() ? tag : tag + "." + std::to_string(list.size() + 1)};
            target.tag = tag;
            target.spec = {.tag = tag,
                           .type = TargetType::file,
                           .path = path,
                           .block = {},
                           .location = {.file = "config.toml", .line = 1, .column = 1}};
            target.boot = {
                .offset = "", .label = "ESP", .uuid = esp_volume().uuid, .volume = esp_volume()};
            targets.push_back(std::move(target));
            list.push_back(text(path));
        }
        set(tag, value_of(std::move(list)));
    }
};

// The texts that a plan writes below a directory of a target, by path.
inline std::vector<std::pair<std::string, std::string>> texts_below(const Plan& plan,
                                                                    const std::string& directory,
                                                                    const std::string& target) {
    std::vector<std::pair<std::string, std::string>> found;
    for (const Step& step : plan.steps) {
        const auto* replace = std::get_if<ReplaceFile>(&step);
        if (!replace || replace->target.text != target) continue;
        if (!replace->path.text().starts_with(directory)) continue;
        if (const auto* source = std::get_if<Text>(&replace->source)) {
            found.emplace_back(replace->path.text(), source->text);
        }
    }
    return found;
}

// All that a plan writes as text to a target, as one text that a person can read.
inline std::string menu_of(const Plan& plan, const std::string& target) {
    std::string all;
    for (const auto& [path, content] : texts_below(plan, "loader/", target)) {
        all += "==> " + path + "\n" + content;
    }
    return all;
}

// The text of the entry of a generation; empty where there is none.
inline std::string entry_of(const Plan& plan,
                            std::uint64_t number,
                            const std::string& target = "esp") {
    const auto found =
        texts_below(plan, "loader/entries/cordwainer-" + std::to_string(number) + "-", target);
    return found.empty() ? "" : found.front().second;
}

// The line of an entry or of loader.conf that begins with `key`, without it; empty where there is
// none.
inline std::string value_in(const std::string& file, const std::string& key) {
    const std::size_t at = ("\n" + file).find("\n" + key + " ");
    if (at == std::string::npos) return "";
    const std::size_t first = at + key.size() + 1;
    return file.substr(first, file.find('\n', first) - first);
}

inline std::string settings_of(const Plan& plan) {
    const auto found = texts_below(plan, "loader/loader.conf", "esp");
    return found.empty() ? "" : found.front().second;
}

}  // namespace cordwainer::systemd_boot::testing
