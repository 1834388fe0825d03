// From the checked table [grub] to the typed record.
#include "bootloaders/grub/config.h"

#include <utility>

#include "bootloaders/grub/platform.h"

namespace cordwainer::grub {
namespace {

template <class T>
const T* value_as(const ConfigValue* value) {
    return value ? std::get_if<T>(&value->value) : nullptr;
}

template <class T>
std::optional<T> read(const ConfigValue& table, std::string_view key) {
    const T* value = value_as<T>(table.find(key));
    return value ? std::optional<T>(*value) : std::nullopt;
}

// Overwrites the default in `into` where the key is there.
template <class T>
void read_into(const ConfigValue& table, std::string_view key, T& into) {
    if (const T* value = value_as<T>(table.find(key))) into = *value;
}

std::vector<std::string> strings_of(const ConfigValue* value) {
    std::vector<std::string> strings;
    if (const auto* one = value_as<std::string>(value)) strings.push_back(*one);
    if (const auto* list = value_as<ConfigList>(value)) {
        for (const ConfigValue& element : *list) {
            if (const auto* text = value_as<std::string>(&element)) strings.push_back(*text);
        }
    }
    return strings;
}

std::optional<std::uint64_t> read_number(const ConfigValue& table, std::string_view key) {
    const auto number = read<std::int64_t>(table, key);
    return number && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number))
                                  : std::nullopt;
}

// The value itself, or each element where it is a list.
std::vector<const ConfigValue*> one_or_more(const ConfigValue* value) {
    std::vector<const ConfigValue*> values;
    if (const auto* list = value_as<ConfigList>(value)) {
        for (const ConfigValue& element : *list) values.push_back(&element);
    } else if (value) {
        values.push_back(value);
    }
    return values;
}

TargetSpec file_target(std::string tag, const ConfigValue& value) {
    return {.tag = std::move(tag),
            .type = TargetType::file,
            .path = std::get<std::string>(value.value),
            .block = {},
            .location = value.location};
}

BlockId block_named(const std::string& text) {
    if (text.starts_with('/')) return {.kind = BlockId::Kind::device_path, .value = text};
    if (const auto uuid = Uuid::parse(text)) {
        return {.kind = BlockId::Kind::any_uuid, .value = uuid->text()};
    }
    return {.kind = BlockId::Kind::label, .value = text};
}

std::optional<BlockId> block_of(const ConfigValue& value) {
    using BlockKind = BlockId::Kind;
    if (const auto* text = value_as<std::string>(&value)) return block_named(*text);
    constexpr std::pair<std::string_view, BlockKind> kKinds[] = {
        {"uuid", BlockKind::file_system_uuid},
        {"label", BlockKind::label},
        {"partuuid", BlockKind::partition_uuid},
        {"ptuuid", BlockKind::partition_table_uuid},
        {"path", BlockKind::device_path},
    };
    for (const auto& [key, kind] : kKinds) {
        if (const auto text = read<std::string>(value, key)) {
            return BlockId{.kind = kind, .value = *text};
        }
    }
    return std::nullopt;
}

Serial read_serial(const ConfigValue& table) {
    Serial serial;
    read_into(table, "unit", serial.unit);
    read_into(table, "speed", serial.speed);
    read_into(table, "word", serial.word);
    read_into(table, "parity", serial.parity);
    read_into(table, "stop", serial.stop);
    serial.port = read<std::string>(table, "port");
    return serial;
}

Theme read_theme(const ConfigValue& table) {
    return {.background = read<std::string>(table, "background"),
            .color_normal = read<std::string>(table, "color-normal"),
            .color_highlight = read<std::string>(table, "color-highlight"),
            .menu_color_normal = read<std::string>(table, "menu-color-normal"),
            .menu_color_highlight = read<std::string>(table, "menu-color-highlight")};
}

KeyboardLayout read_keyboard(const ConfigValue& value) {
    KeyboardLayout keyboard;
    keyboard.location = value.location;
    if (const auto* name = value_as<std::string>(&value)) keyboard.layout = *name;
    read_into(value, "layout", keyboard.layout);
    read_into(value, "variant", keyboard.variant);
    read_into(value, "model", keyboard.model);
    for (const std::string& option : strings_of(value.find("options"))) {
        keyboard.options += (keyboard.options.empty() ? "" : ",") + option;
    }
    return keyboard;
}

Superuser read_superuser(const ConfigValue& table) {
    Superuser user;
    read_into(table, "name", user.name);
    read_into(table, "password-hash", user.password_hash);
    read_into(table, "lock-entries", user.lock_entries);
    return user;
}

void read_device(const ConfigValue* device, UserEntry& entry) {
    if (!device) return;
    if (const auto uuid = read<std::string>(*device, "uuid")) {
        if (const auto parsed = Uuid::parse(*uuid)) entry.device = *parsed;
    } else if (const auto label = read<std::string>(*device, "label")) {
        entry.device = FileSystemLabel{*label};
    } else {
        entry.file = read<std::string>(*device, "file");
    }
}

UserEntry read_entry(const ConfigValue& table) {
    using EntryKind = UserEntry::Kind;
    UserEntry entry;
    read_into(table, "label", entry.label);
    constexpr std::pair<std::string_view, EntryKind> kKinds[] = {
        {"linux", EntryKind::linux},
        {"multiboot", EntryKind::multiboot},
        {"chainload", EntryKind::chainload},
        {"efi", EntryKind::efi},
    };
    for (const auto& [key, kind] : kKinds) {
        if (const auto path = read<std::string>(table, key)) {
            entry.kind = kind;
            entry.path = *path;
        }
    }
    read_device(table.find("device"), entry);
    for (const std::string& text : strings_of(table.find("crypto-devices"))) {
        if (const auto uuid = Uuid::parse(text)) entry.crypto_devices.push_back(*uuid);
    }
    read_into(table, "command-line", entry.command_line);
    entry.initrds = strings_of(table.find("initrds"));
    for (const ConfigValue* module : one_or_more(table.find("modules"))) {
        entry.modules.push_back(strings_of(module));
    }
    entry.device_tree = read<std::string>(table, "device-tree");
    return entry;
}

// Applies `read_table` where the key is there.
template <class Read>
auto read_optional(const ConfigValue& table, std::string_view key, Read read_table)
    -> std::optional<decltype(read_table(table))> {
    const ConfigValue* value = table.find(key);
    if (!value) return std::nullopt;
    return read_table(*value);
}

void read_targets(const ConfigValue& table, Config& config) {
    config.files = {.tag = "files",
                    .type = TargetType::file,
                    .path = {},
                    .block = {},
                    .location = table.location};
    if (const ConfigValue* files = table.find("files"); value_as<std::string>(files)) {
        config.files = file_target("files", *files);
    }
    for (const ConfigValue* esp : one_or_more(table.find("esp"))) {
        if (value_as<std::string>(esp)) config.esps.push_back(file_target("esp", *esp));
    }
    for (const ConfigValue* disk : one_or_more(table.find("disk"))) {
        if (auto block = block_of(*disk)) {
            config.disks.push_back({.tag = "disk",
                                    .type = TargetType::block,
                                    .path = {},
                                    .block = std::move(*block),
                                    .location = disk->location});
        }
    }
}

void read_package(const ConfigValue& table, Config& config) {
    config.platforms = strings_of(table.find("platforms"));
    if (!table.find("platforms")) config.platforms = {std::string(efi_platforms().front().name)};
    read_into(table, "package", config.package);
    if (const ConfigValue* packages = table.find("platform-packages")) {
        for (const std::string_view platform : {kBiosPlatform,
                                                efi_platforms()[0].name,
                                                efi_platforms()[1].name,
                                                efi_platforms()[2].name}) {
            if (const auto path = read<std::string>(*packages, platform)) {
                config.platform_packages.emplace(platform, *path);
            }
        }
    }
}

}  // namespace

const std::string& Config::package_of(const std::string& platform) const {
    const auto other = platform_packages.find(platform);
    return other == platform_packages.end() ? package : other->second;
}

std::string Config::modules_of(const std::string& platform) const {
    return package_of(platform) + "/lib/grub/" + platform;
}

Config read_config(const ConfigValue& table) {
    Config config;
    read_targets(table, config);
    read_package(table, config);
    read_into(table, "removable", config.removable);
    read_into(table, "firmware-title", config.firmware_title);
    read_into(table, "single-slot", config.single_slot);
    read_into(table, "copy-kernels", config.copy_kernels);

    config.default_generation = read_number(table, "default-generation");
    config.default_position = read_number(table, "default-position");
    config.max_generations = read_number(table, "max-generations");
    read_into(table, "timeout", config.timeout);
    read_into(table, "timeout-style", config.timeout_style);

    config.serial = read_optional(table, "serial", read_serial);
    config.terminal_inputs = strings_of(table.find("terminal-inputs"));
    config.terminal_outputs = strings_of(table.find("terminal-outputs"));
    config.gfxmode = read<std::string>(table, "gfxmode");
    config.theme = read_optional(table, "theme", read_theme);
    config.keyboard_layout = read_optional(table, "keyboard-layout", read_keyboard);
    config.locale = read<std::string>(table, "locale");

    config.extra_initrd = read<std::string>(table, "extra-initrd");
    config.microcode = strings_of(table.find("microcode"));
    config.superuser = read_optional(table, "superuser", read_superuser);
    read_into(table, "firmware-setup", config.firmware_setup);
    for (const ConfigValue* entry : one_or_more(table.find("menu-entries"))) {
        config.entries.push_back(read_entry(*entry));
    }
    return config;
}

}  // namespace cordwainer::grub
