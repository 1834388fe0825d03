// The keys of the table [grub]: what each takes, its default and its meaning.
#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "bootloaders/grub/assets.h"
#include "bootloaders/grub/config.h"
#include "bootloaders/grub/platform.h"

namespace cordwainer::grub {
namespace {

using Kind = ConfigType::Kind;
using Check = std::function<std::optional<std::string>(const std::string&)>;

ConfigType of_kind(Kind kind) {
    ConfigType type;
    type.kind = kind;
    return type;
}

ConfigType boolean() {
    return of_kind(Kind::boolean);
}

ConfigType string(Check check = {}) {
    ConfigType type = of_kind(Kind::string);
    type.check = std::move(check);
    return type;
}

ConfigType one_of(std::vector<std::string> allowed) {
    ConfigType type = of_kind(Kind::string);
    type.allowed = std::move(allowed);
    return type;
}

ConfigType integer(std::optional<std::int64_t> minimum, std::optional<std::int64_t> maximum) {
    ConfigType type = of_kind(Kind::integer);
    type.minimum = minimum;
    type.maximum = maximum;
    return type;
}

ConfigType list_of(ConfigType element) {
    ConfigType type = of_kind(Kind::list);
    type.element.push_back(std::move(element));
    return type;
}

ConfigType table(std::string name, std::vector<ConfigKey> keys) {
    ConfigType type = of_kind(Kind::table);
    type.table.push_back({.name = std::move(name), .keys = std::move(keys)});
    return type;
}

ConfigType either(ConfigType type, std::vector<ConfigType> others) {
    std::ranges::move(others, std::back_inserter(type.alternatives));
    return type;
}

ConfigKey key(std::string name, ConfigType type, std::string default_text, std::string meaning) {
    return {.name = std::move(name),
            .type = std::move(type),
            .required = false,
            .default_text = std::move(default_text),
            .meaning = std::move(meaning)};
}

ConfigKey required(std::string name, ConfigType type, std::string meaning) {
    ConfigKey made = key(std::move(name), std::move(type), "", std::move(meaning));
    made.required = true;
    return made;
}

bool all_of_chars(std::string_view text, std::string_view others) {
    return std::ranges::all_of(text, [&](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || others.contains(c);
    });
}

bool has_line_break(std::string_view text) {
    return text.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos;
}

std::optional<std::string> check_path(const std::string& text) {
    if (!text.starts_with('/')) return "an absolute path, beginning with \"/\"";
    if (has_line_break(text)) return "a path without line breaks";
    return std::nullopt;
}

std::optional<std::string> check_picture(const std::string& text) {
    if (auto wrong = check_path(text)) return wrong;
    if (!picture_module(text)) {
        return "a picture that GRUB reads: a file ending in .png, .jpg, .jpeg or .tga";
    }
    return std::nullopt;
}

std::optional<std::string> check_grub_path(const std::string& text) {
    if (!text.starts_with('/') && !text.starts_with('(')) {
        return "a path inside the device, beginning with \"/\", or GRUB's own notation, "
               "beginning with \"(\"";
    }
    if (has_line_break(text)) return "a path without line breaks";
    return std::nullopt;
}

std::optional<std::string> check_chainload(const std::string& text) {
    return text == "+1" ? std::nullopt : check_grub_path(text);
}

std::optional<std::string> check_block(const std::string& text) {
    if (text.empty() || has_line_break(text)) {
        return "a device path, a UUID or a file system's label";
    }
    return std::nullopt;
}

std::optional<std::string> check_not_empty(const std::string& text) {
    if (text.empty()) return "a text of at least one character";
    return std::nullopt;
}

std::optional<std::string> check_uuid(const std::string& text) {
    if (!Uuid::parse(text)) return "a UUID";
    return std::nullopt;
}

std::optional<std::string> check_user(const std::string& text) {
    if (text.empty() || !all_of_chars(text, "_-.")) {
        return "a name of letters, digits, \"_\", \"-\" and \".\"";
    }
    return std::nullopt;
}

std::optional<std::string> check_xkb(const std::string& text) {
    if (text.empty() || text.starts_with('-') || !all_of_chars(text, "_,+:()-")) {
        return "a name that XKB knows, such as \"de\" or \"us\"";
    }
    return std::nullopt;
}

std::optional<std::string> check_locale(const std::string& text) {
    if (text.empty() || text.starts_with('.') || !all_of_chars(text, "_.@-")) {
        return "a locale's name, such as \"de_DE.utf8\"";
    }
    return std::nullopt;
}

std::optional<std::string> check_port(const std::string& text) {
    const bool right = text.size() > 2 && text.size() <= 6 && text.starts_with("0x") &&
                       std::ranges::all_of(text.substr(2), [](char c) {
                           return std::isxdigit(static_cast<unsigned char>(c)) != 0;
                       });
    if (!right) return "an I/O port in hexadecimal, such as \"0x3f8\"";
    return std::nullopt;
}

// "auto", "1024x768", "1024x768x32", several joined with ",".
std::optional<std::string> check_gfxmode(const std::string& text) {
    const bool right =
        !text.empty() && all_of_chars(text, ",") &&
        (text.starts_with("auto") || std::isdigit(static_cast<unsigned char>(text.front())) != 0);
    if (!right) return "\"auto\" or modes such as \"1024x768,auto\"";
    return std::nullopt;
}

constexpr std::array<std::string_view, 16> kColors{"black",
                                                   "blue",
                                                   "green",
                                                   "cyan",
                                                   "red",
                                                   "magenta",
                                                   "brown",
                                                   "light-gray",
                                                   "dark-gray",
                                                   "light-blue",
                                                   "light-green",
                                                   "light-cyan",
                                                   "light-red",
                                                   "light-magenta",
                                                   "yellow",
                                                   "white"};

std::optional<std::string> check_color(const std::string& text) {
    const auto slash = std::min(text.find('/'), text.size());
    const std::string_view foreground = std::string_view(text).substr(0, slash);
    const std::string_view background =
        slash == text.size() ? std::string_view() : std::string_view(text).substr(slash + 1);
    if (std::ranges::find(kColors, foreground) != kColors.end() &&
        std::ranges::find(kColors, background) != kColors.end()) {
        return std::nullopt;
    }
    std::string names;
    for (const std::string_view color : kColors)
        names += (names.empty() ? "" : ", ") + std::string(color);
    return "FOREGROUND/BACKGROUND, each one of " + names;
}

bool is_hex_bytes(std::string_view text) {
    return !text.empty() && text.size() % 2 == 0 && std::ranges::all_of(text, [](char c) {
        return std::isxdigit(static_cast<unsigned char>(c)) != 0;
    });
}

// "grub.pbkdf2.sha512.ROUNDS.SALT.HASH" (GRUB 2.06, commands/password_pbkdf2.c).
std::optional<std::string> check_password_hash(const std::string& text) {
    constexpr std::string_view kPrefix = "grub.pbkdf2.sha512.";
    std::string_view rest = text;
    if (rest.starts_with(kPrefix)) {
        rest.remove_prefix(kPrefix.size());
        const auto first = rest.find('.');
        const auto second = first == std::string_view::npos ? first : rest.find('.', first + 1);
        if (second != std::string_view::npos && first > 0 &&
            rest.substr(0, first).find_first_not_of("0123456789") == std::string_view::npos &&
            is_hex_bytes(rest.substr(first + 1, second - first - 1)) &&
            is_hex_bytes(rest.substr(second + 1))) {
            return std::nullopt;
        }
    }
    return "what grub-mkpasswd-pbkdf2 prints, beginning with \"grub.pbkdf2.sha512.\"";
}

std::vector<std::string> efi_platform_names() {
    std::vector<std::string> names;
    for (const Platform& platform : efi_platforms()) names.emplace_back(platform.name);
    return names;
}

ConfigType block_target() {
    const ConfigType named =
        table("grub.disk",
              {key("uuid", string(check_uuid), "", "UUID of a file system on the disk."),
               key("label", string(check_not_empty), "", "Label of a file system on the disk."),
               key("partuuid", string(check_uuid), "", "UUID of a partition of the disk."),
               key("ptuuid", string(check_not_empty), "", "UUID of the disk's partition table."),
               key("path", string(check_path), "", "Device path, looked up when installing.")});
    return either(string(check_block), {named});
}

ConfigType serial_table() {
    return table("grub.serial",
                 {key("unit", integer(0, 3), "0", "Number of the serial line."),
                  key("port", string(check_port), "", "Its I/O port, instead of a number."),
                  key("speed", integer(50, 4000000), "115200", "Bits per second."),
                  key("word", integer(5, 8), "8", "Bits of a word."),
                  key("parity", one_of({"no", "odd", "even"}), "\"no\"", "Parity bit."),
                  key("stop", integer(1, 2), "1", "Stop bits.")});
}

ConfigType theme_table() {
    const auto color = [](std::string name, std::string meaning) {
        return key(std::move(name), string(check_color), "", std::move(meaning));
    };
    return table("grub.theme",
                 {key("background",
                      string(check_picture),
                      "",
                      "Picture behind the menu: PNG, JPEG or TGA, a path inside the system."),
                  color("color-normal", "Colours of text outside the menu."),
                  color("color-highlight", "Colours of highlighted text outside the menu."),
                  color("menu-color-normal", "Colours of the menu."),
                  color("menu-color-highlight", "Colours of the chosen entry.")});
}

ConfigType keyboard_layout() {
    const ConfigType named =
        table("grub.keyboard-layout",
              {required("layout", string(check_xkb), "XKB layout, such as \"de\"."),
               key("variant", string(check_xkb), "", "XKB variant, such as \"nodeadkeys\"."),
               key("model", string(check_xkb), "", "XKB keyboard model, such as \"pc105\"."),
               key("options", list_of(string(check_xkb)), "", "XKB options.")});
    return either(string(check_xkb), {named});
}

ConfigType superuser_table() {
    return table(
        "grub.superuser",
        {required("name", string(check_user), "User name to type at the menu."),
         required(
             "password-hash", string(check_password_hash), "What grub-mkpasswd-pbkdf2 prints."),
         key("lock-entries",
             boolean(),
             "false",
             "Ask for the password before booting an entry, too; without it only editing "
             "and GRUB's command line are locked.")});
}

ConfigType menu_entry_table() {
    const ConfigType device =
        table("grub.menu-entries.device",
              {key("uuid", string(check_uuid), "", "UUID of the entry's file system."),
               key("label", string(check_not_empty), "", "Label of the entry's file system."),
               key("file", string(check_path), "", "A file that the entry's file system has.")});
    return table(
        "grub.menu-entries",
        {required("label", string(check_not_empty), "Text in the menu."),
         key("device",
             device,
             "",
             "Where its files are; without it, the device that has its file."),
         key("crypto-devices",
             list_of(string(check_uuid)),
             "",
             "UUIDs of LUKS containers to open first."),
         key("linux", string(check_grub_path), "", "Linux kernel to boot."),
         key("multiboot", string(check_grub_path), "", "Multiboot kernel to boot."),
         key("chainload",
             string(check_chainload),
             "",
             "Another loader to start: a file, or \"+1\" for the device's boot sector."),
         key("efi", string(check_grub_path), "", "EFI program to start; shown on UEFI only."),
         key("command-line", string(), "", "Kernel command line (linux, multiboot)."),
         key("initrds", list_of(string(check_grub_path)), "", "Initrds, in order (linux)."),
         key("modules",
             list_of(list_of(string())),
             "",
             "Modules, each a path and its arguments (multiboot)."),
         key("device-tree", string(check_grub_path), "", "Device tree (linux).")});
}

std::vector<ConfigKey> target_keys() {
    return {
        required("files",
                 string(check_path),
                 "Directory for the menu and GRUB's modules, usually \"/boot/grub\"."),
        key("esp",
            either(string(check_path), {list_of(string(check_path))}),
            "",
            "Mount points of the EFI system partitions that get GRUB for UEFI."),
        key("disk",
            either(block_target(), {list_of(block_target())}),
            "",
            "Disks that get GRUB for BIOS: device path, UUID, label, or a table that says which."),
        key("platforms",
            list_of(one_of(efi_platform_names())),
            "[\"x86_64-efi\"]",
            "What each EFI system partition gets GRUB for; firmware entries name the first."),
        key("package",
            string(check_path),
            "\"/usr\"",
            "Where the GRUB package is on the machine that runs cordwainer."),
        key("platform-packages",
            table("grub.platform-packages",
                  {key("i386-pc", string(check_path), "", "Package of BIOS's modules."),
                   key("x86_64-efi", string(check_path), "", "Package of 64-bit UEFI's modules."),
                   key("i386-efi", string(check_path), "", "Package of 32-bit UEFI's modules."),
                   key("arm64-efi", string(check_path), "", "Package of arm64 UEFI's modules.")}),
            "",
            "Where the modules of single platforms are, when not in `package`."),
        key("removable",
            boolean(),
            "true",
            "Also install under the name that firmware starts without an entry of its own "
            "(EFI/BOOT/BOOTX64.EFI); false makes a firmware entry instead."),
        key("firmware-title",
            string(check_not_empty),
            "\"cordwainer\"",
            "Title of the firmware entry."),
        key("single-slot",
            boolean(),
            "false",
            "Use the space for BIOS boot code as one place, not two halves: fits more, but a power "
            "cut while it is written leaves a disk that does not boot."),
        key("copy-kernels",
            boolean(),
            "false",
            "Copy kernels and initrds beside the menu even where GRUB can read them in place."),
    };
}

std::vector<ConfigKey> menu_keys() {
    return {
        key("default-generation",
            integer(0, {}),
            "",
            "Number of the generation that boots by default; without it, the current one."),
        key("default-position",
            integer(0, {}),
            "",
            "Position in the menu's first level, from 0, of the entry that boots by default."),
        key("max-generations",
            integer(1, {}),
            "",
            "How many generations the menu shows, newest first; the default one always."),
        key("timeout",
            integer(-1, 86400),
            "5",
            "Seconds until the default entry boots; -1 waits for a key."),
        key("timeout-style",
            one_of({"menu", "countdown", "hidden"}),
            "\"menu\"",
            "What is shown meanwhile: the menu, a countdown or nothing; Esc shows the menu."),
        key("serial", serial_table(), "", "A serial line to show the menu on."),
        key("terminal-inputs",
            list_of(one_of({"console", "serial", "at_keyboard", "usb_keyboard"})),
            "",
            "Where keys come from; without it the console, and the serial line if there is one."),
        key("terminal-outputs",
            list_of(one_of(
                {"console", "serial", "gfxterm", "vga_text", "mda_text", "morse", "spkmodem"})),
            "",
            "Where the menu is shown; without it the screen, and the serial line if there is one."),
        key("gfxmode", string(check_gfxmode), "", "Resolutions to try, such as \"1024x768,auto\"."),
        key("theme", theme_table(), "", "Background picture and colours."),
        key("keyboard-layout", keyboard_layout(), "", "Keyboard layout: its XKB name or a table."),
        key("locale", string(check_locale), "", "Language of GRUB's own texts: \"de_DE.utf8\"."),
        key("extra-initrd",
            string(check_path),
            "",
            "An initrd that is loaded last with every generation, read in place: for secrets that "
            "are not in a store."),
        key("microcode",
            list_of(string(check_path)),
            "",
            "Initrds that are loaded first with every generation."),
        key("superuser", superuser_table(), "", "Who may edit entries and use the command line."),
        key("firmware-setup",
            boolean(),
            "true",
            "An entry that enters the firmware's setup (UEFI)."),
        key("menu-entries", list_of(menu_entry_table()), "", "Further entries of your own."),
    };
}

}  // namespace

ConfigSchema config_schema() {
    ConfigSchema schema{.name = "grub", .keys = target_keys()};
    std::ranges::move(menu_keys(), std::back_inserter(schema.keys));
    return schema;
}

}  // namespace cordwainer::grub
