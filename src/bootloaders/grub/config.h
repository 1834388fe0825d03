// The configuration of GRUB as a typed record, made from the table [grub] of config.toml.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/uuid.h"
#include "model/config_schema.h"
#include "model/config_value.h"
#include "model/device_ref.h"
#include "model/target.h"

namespace cordwainer::grub {

// A serial line (GRUB manual 2.06, section 16.2.9).
struct Serial {
    std::int64_t unit = 0;
    std::int64_t speed = 115200;      // bits per second
    std::int64_t word = 8;            // bits
    std::string parity = "no";        // "no", "odd" or "even"
    std::int64_t stop = 1;            // bits
    std::optional<std::string> port;  // I/O port in hexadecimal, "0x3f8", instead of a unit
};

// Looks. Colours are "FOREGROUND/BACKGROUND" in GRUB's names (GRUB manual, section 16.1.1).
struct Theme {
    std::optional<std::string> background;  // absolute path of a picture, inside the system
    std::optional<std::string> color_normal;
    std::optional<std::string> color_highlight;
    std::optional<std::string> menu_color_normal;
    std::optional<std::string> menu_color_highlight;
};

// In the terms of XKB, as ckbcomp takes them.
struct KeyboardLayout {
    std::string layout;
    std::string variant;
    std::string model;
    std::string options;  // joined with ","
    Location location;
};

struct Superuser {
    std::string name;
    std::string password_hash;  // "grub.pbkdf2.sha512.…", of grub-mkpasswd-pbkdf2
    bool lock_entries = false;  // whether booting an entry needs the password too
};

// A menu entry of the user's own. Paths are inside the device's file system, or GRUB's own notation
// beginning with "(".
struct UserEntry {
    enum class Kind { linux, multiboot, chainload, efi };

    std::string label;
    Kind kind = Kind::linux;
    std::string path;                  // of the kernel, loader or program; "+1" for a boot sector
    DeviceRef device;                  // monostate: the one that has `file`, or `path`
    std::optional<std::string> file;   // the device is the one that has this file
    std::vector<Uuid> crypto_devices;  // LUKS containers to open first
    std::string command_line;          // linux, multiboot
    std::vector<std::string> initrds;  // linux
    std::vector<std::vector<std::string>> modules;  // multiboot: path and arguments of each
    std::optional<std::string> device_tree;         // linux
};

struct Config {
    TargetSpec files;
    std::vector<TargetSpec> esps;
    std::vector<TargetSpec> disks;

    std::vector<std::string> platforms;                    // of the EFI programs on each esp
    std::string package = "/usr";                          // on the machine that runs cordwainer
    std::map<std::string, std::string> platform_packages;  // other packages, by platform
    bool removable = true;
    std::string firmware_title = "cordwainer";
    bool single_slot = false;
    bool copy_kernels = false;

    std::optional<std::uint64_t> default_generation;
    std::optional<std::uint64_t> default_position;
    std::optional<std::uint64_t> max_generations;
    std::int64_t timeout = 5;            // seconds; -1 waits
    std::string timeout_style = "menu";  // "menu", "countdown" or "hidden"

    std::optional<Serial> serial;
    std::vector<std::string> terminal_inputs;   // empty: chosen from the rest
    std::vector<std::string> terminal_outputs;  // empty: chosen from the rest
    std::optional<std::string> gfxmode;
    std::optional<Theme> theme;
    std::optional<KeyboardLayout> keyboard_layout;
    std::optional<std::string> locale;

    std::optional<std::string> extra_initrd;  // absolute, inside the system; loaded last
    std::vector<std::string> microcode;       // absolute, inside the system; loaded first

    std::optional<Superuser> superuser;
    bool firmware_setup = true;
    std::vector<UserEntry> entries;

    // Where the package of a platform lies.
    [[nodiscard]] const std::string& package_of(const std::string& platform) const;

    // The directory of a platform's modules.
    [[nodiscard]] std::string modules_of(const std::string& platform) const;

    [[nodiscard]] std::string mkimage() const { return package + "/bin/grub-mkimage"; }
};

// The keys, their types, defaults and meanings.
[[nodiscard]] ConfigSchema config_schema();

// Reads a table that config_schema() and check_combinations() have passed. What is absent has its
// default; where `files` is absent its path is empty.
[[nodiscard]] Config read_config(const ConfigValue& table);

// Impossible combinations, as Bootloader::check reports them.
[[nodiscard]] std::vector<std::string> check_combinations(const ConfigValue& table);

}  // namespace cordwainer::grub
