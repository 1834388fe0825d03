// The keys of the table [systemd-boot]: what each takes, its default and its meaning.
#include <algorithm>
#include <iterator>
#include <utility>

#include "bootloaders/systemd_boot/config.h"

namespace cordwainer::systemd_boot {
namespace {

using Kind = ConfigType::Kind;

ConfigType of_kind(Kind kind) {
    ConfigType type;
    type.kind = kind;
    return type;
}

ConfigType integer(std::int64_t minimum, std::optional<std::int64_t> maximum = {}) {
    ConfigType type = of_kind(Kind::integer);
    type.minimum = minimum;
    type.maximum = maximum;
    return type;
}

ConfigType one_of(std::vector<std::string> allowed) {
    ConfigType type = of_kind(Kind::string);
    type.allowed = std::move(allowed);
    return type;
}

ConfigType list_of(ConfigType element) {
    ConfigType type = of_kind(Kind::list);
    type.element.push_back(std::move(element));
    return type;
}

ConfigType path() {
    ConfigType type = of_kind(Kind::string);
    type.check = [](const std::string& text) -> std::optional<std::string> {
        const bool one_line =
            text.find_first_of(std::string_view("\n\r\0", 3)) == std::string::npos;
        if (text.starts_with('/') && one_line) return std::nullopt;
        return "an absolute path, beginning with \"/\"";
    };
    return type;
}

ConfigType path_or_paths() {
    ConfigType type = list_of(path());
    type.alternatives.push_back(path());
    return type;
}

ConfigType not_empty() {
    ConfigType type = of_kind(Kind::string);
    type.check = [](const std::string& text) -> std::optional<std::string> {
        if (!text.empty()) return std::nullopt;
        return "a text of at least one character";
    };
    return type;
}

ConfigType platforms() {
    std::vector<std::string> names;
    for (const Platform& platform : all_platforms()) names.emplace_back(platform.name);
    return list_of(one_of(std::move(names)));
}

ConfigKey key(std::string name, ConfigType type, std::string default_text, std::string meaning) {
    return {.name = std::move(name),
            .type = std::move(type),
            .required = false,
            .default_text = std::move(default_text),
            .meaning = std::move(meaning)};
}

ConfigKey esp() {
    ConfigKey made = key("esp",
                         path_or_paths(),
                         "",
                         "Where the EFI system partition is mounted, usually \"/boot/efi\"; of "
                         "several, each is complete by itself.");
    made.required = true;
    return made;
}

}  // namespace

ConfigSchema config_schema() {
    constexpr std::int64_t kLongestTimeout = 3600;
    return {
        .name = kName,
        .keys =
            {
                esp(),
                key("boot",
                    path_or_paths(),
                    "",
                    "Where an extended boot loader partition (type xbootldr, vfat) on the ESP's "
                    "disk is mounted: kernels, initrds and entries go there."),
                key("platforms",
                    platforms(),
                    R"(["x86_64-efi"])",
                    "Which kinds of firmware the ESP gets a program for."),
                key("package",
                    path(),
                    R"("/usr/lib/systemd/boot/efi")",
                    "The directory of systemd-boot's EFI programs on the machine that runs "
                    "cordwainer."),
                key("removable",
                    of_kind(Kind::boolean),
                    "true",
                    "Install to the path that firmware starts by itself (EFI/BOOT); without it, a "
                    "firmware entry is made."),
                key("firmware-title",
                    not_empty(),
                    R"("cordwainer")",
                    "Name of the firmware entry."),
                key("default-generation",
                    integer(0),
                    "",
                    "The generation that boots by default, instead of the current one."),
                key("max-generations",
                    integer(1),
                    "",
                    "How many generations get an entry, and so room for their kernels, at most; "
                    "the current and the default one always do."),
                key("timeout",
                    integer(-1, kLongestTimeout),
                    "5",
                    "Seconds until the default entry starts; -1 waits, 0 shows no menu unless a "
                    "key is held."),
                key("console-mode",
                    one_of({"0", "1", "2", "auto", "max", "keep"}),
                    "",
                    "The screen's text mode; without it the loader's own choice."),
                key("editor",
                    of_kind(Kind::boolean),
                    "false",
                    "Whether anyone at the screen may change the kernel command line."),
                key("microcode",
                    list_of(path()),
                    "",
                    "Initrds that are loaded first with every generation."),
                key("extra-initrds",
                    list_of(path()),
                    "",
                    "Initrds that are loaded last with every generation. They are copied to an "
                    "unencrypted partition, so they must hold no secrets."),
            },
    };
}

}  // namespace cordwainer::systemd_boot
