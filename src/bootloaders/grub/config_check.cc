// Combinations of keys that each are right but cannot be meant together.
#include <algorithm>
#include <array>

#include "bootloaders/grub/config.h"

namespace cordwainer::grub {
namespace {

// Collects messages, each with the place of the value that it is about.
class Findings {
  public:
    explicit Findings(const ConfigValue& table) : table_(table) {}

    void add(const ConfigValue& at, const std::string& text) {
        const std::string place = at.location.text();
        messages_.push_back(place.empty() ? text : place + ": " + text);
    }

    // Says `text` where both keys are there, at the second.
    void not_both(std::string_view first, std::string_view second, const std::string& text) {
        const ConfigValue* at = table_.find(second);
        if (table_.find(first) && at) add(*at, text);
    }

    // Says `text` where `key` is there but none of `needed`.
    void needs(std::string_view key, bool satisfied, const std::string& text) {
        const ConfigValue* at = table_.find(key);
        if (at && !satisfied) add(*at, text);
    }

    std::vector<std::string> take() { return std::move(messages_); }

  private:
    const ConfigValue& table_;
    std::vector<std::string> messages_;
};

bool lists(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

std::size_t count_keys(const ConfigValue& table, std::span<const std::string_view> keys) {
    return static_cast<std::size_t>(std::ranges::count_if(
        keys, [&](std::string_view key) { return table.find(key) != nullptr; }));
}

void check_targets(const ConfigValue& table, const Config& config, Findings& findings) {
    const bool has_esp = !config.esps.empty();
    const bool has_disk = !config.disks.empty();
    findings.needs("platforms",
                   has_esp || !has_disk,
                   "`platforms` is for `esp`, which is not set: set `esp`, or remove `platforms`");
    if (const ConfigValue* platforms = table.find("platforms")) {
        if (config.platforms.empty()) {
            findings.add(*platforms, "`platforms` is empty: name at least one, or remove the key");
        }
        for (auto name = config.platforms.begin(); name != config.platforms.end(); ++name) {
            if (std::find(config.platforms.begin(), name, *name) != name) {
                findings.add(*platforms, "`platforms` names " + *name + " twice");
            }
        }
    }
    findings.needs("removable",
                   has_esp,
                   "`removable` is for `esp`, which is not set: set `esp`, or remove `removable`");
    findings.needs("firmware-title",
                   has_esp && !config.removable,
                   "`firmware-title` is for a firmware entry, which is made only with `esp` and "
                   "`removable = false`: set those, or remove `firmware-title`");
    findings.needs("single-slot",
                   has_disk,
                   "`single-slot` is for `disk`, which is not set: set `disk`, or remove it");
    constexpr std::array<std::string_view, 5> kDiskKeys{
        "uuid", "label", "partuuid", "ptuuid", "path"};
    const auto check_disk = [&](const ConfigValue& disk) {
        if (!std::holds_alternative<ConfigTable>(disk.value)) return;
        if (count_keys(disk, kDiskKeys) != 1) {
            findings.add(disk,
                         "a disk is named by exactly one of uuid, label, partuuid, ptuuid "
                         "and path");
        }
    };
    if (const ConfigValue* disk = table.find("disk")) {
        check_disk(*disk);
        if (const auto* list = std::get_if<ConfigList>(&disk->value)) {
            for (const ConfigValue& element : *list) check_disk(element);
        }
    }
}

void check_defaults(const Config& config, Findings& findings) {
    findings.not_both("default-generation",
                      "default-position",
                      "`default-generation` and `default-position` both say what boots by default: "
                      "remove one");
    findings.needs("timeout-style",
                   config.timeout >= 0 || config.timeout_style == "menu",
                   "with `timeout = -1` a hidden menu would wait for ever without a word: use "
                   "`timeout-style = \"menu\"` or set a timeout");
}

void check_terminals(const ConfigValue& table, const Config& config, Findings& findings) {
    const bool graphics =
        config.terminal_outputs.empty() || lists(config.terminal_outputs, "gfxterm");
    const std::string no_serial =
        " names \"serial\" but there is no table `serial`: add `serial = { unit = 0, speed = "
        "115200 }`, or remove \"serial\"";
    findings.needs("terminal-inputs",
                   config.serial || !lists(config.terminal_inputs, "serial"),
                   "`terminal-inputs`" + no_serial);
    findings.needs("terminal-outputs",
                   config.serial || !lists(config.terminal_outputs, "serial"),
                   "`terminal-outputs`" + no_serial);
    findings.needs("gfxmode",
                   graphics,
                   "`gfxmode` is for the terminal \"gfxterm\", which `terminal-outputs` does not "
                   "name: add it there, or remove `gfxmode`");
    if (const ConfigValue* theme = table.find("theme")) {
        const ConfigValue* background = theme->find("background");
        if (background && !graphics) {
            findings.add(*background,
                         "a background picture is shown only by the terminal \"gfxterm\", which "
                         "`terminal-outputs` does not name: add it there, or remove `background`");
        }
    }
    if (const ConfigValue* serial = table.find("serial")) {
        const ConfigValue* port = serial->find("port");
        if (port && serial->find("unit")) {
            findings.add(*port, "`unit` and `port` both name the serial line: remove one");
        }
    }
}

// What belongs to one kind of entry only.
struct KindOption {
    std::string_view key;
    std::span<const std::string_view> kinds;
    const char* text;
};

void check_entry(const ConfigValue& entry, Findings& findings) {
    static constexpr std::array<std::string_view, 4> kKinds{
        "linux", "multiboot", "chainload", "efi"};
    static constexpr std::array<std::string_view, 2> kKernels{"linux", "multiboot"};
    static constexpr std::array<std::string_view, 1> kLinux{"linux"};
    static constexpr std::array<std::string_view, 1> kMultiboot{"multiboot"};
    static constexpr std::array<std::string_view, 3> kDevice{"uuid", "label", "file"};
    constexpr std::array kOptions{
        KindOption{.key = "command-line", .kinds = kKernels, .text = "`linux` or `multiboot`"},
        KindOption{.key = "initrds", .kinds = kLinux, .text = "`linux`"},
        KindOption{.key = "device-tree", .kinds = kLinux, .text = "`linux`"},
        KindOption{.key = "modules", .kinds = kMultiboot, .text = "`multiboot`"},
    };
    if (count_keys(entry, kKinds) != 1) {
        findings.add(entry, "a menu entry has exactly one of linux, multiboot, chainload and efi");
        return;
    }
    for (const KindOption& option : kOptions) {
        const ConfigValue* value = entry.find(option.key);
        if (value && count_keys(entry, option.kinds) == 0) {
            findings.add(
                *value,
                "`" + std::string(option.key) + "` belongs to an entry with " + option.text);
        }
    }
    const ConfigValue* device = entry.find("device");
    if (device && count_keys(*device, kDevice) != 1) {
        findings.add(*device, "a device is named by exactly one of uuid, label and file");
    }
    const ConfigValue* chainload = entry.find("chainload");
    const auto* path = chainload ? std::get_if<std::string>(&chainload->value) : nullptr;
    if (path && *path == "+1" && !device) {
        findings.add(*chainload, "\"+1\" is the boot sector of a device: name it with `device`");
    }
    const ConfigValue* modules = entry.find("modules");
    const auto* list = modules ? std::get_if<ConfigList>(&modules->value) : nullptr;
    for (std::size_t i = 0; list && i < list->size(); ++i) {
        const auto* words = std::get_if<ConfigList>(&(*list)[i].value);
        const auto* first =
            words && !words->empty() ? std::get_if<std::string>(&words->front().value) : nullptr;
        if (!first || !(first->starts_with('/') || first->starts_with('('))) {
            findings.add((*list)[i], "a module is a list of its path and its arguments");
        }
    }
}

}  // namespace

std::vector<std::string> check_combinations(const ConfigValue& table) {
    const Config config = read_config(table);
    Findings findings(table);
    check_targets(table, config, findings);
    check_defaults(config, findings);
    check_terminals(table, config, findings);
    if (const ConfigValue* entries = table.find("menu-entries")) {
        if (const auto* list = std::get_if<ConfigList>(&entries->value)) {
            for (const ConfigValue& entry : *list) check_entry(entry, findings);
        }
    }
    return findings.take();
}

}  // namespace cordwainer::grub
