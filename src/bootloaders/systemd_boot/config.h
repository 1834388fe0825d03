// The configuration of systemd-boot as a typed record, made from the table [systemd-boot].
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/config_schema.h"
#include "model/config_value.h"
#include "model/observed.h"
#include "model/target.h"

namespace cordwainer::systemd_boot {

inline constexpr const char* kName = "systemd-boot";

// A kind of firmware that systemd-boot is built for.
struct Platform {
    std::string_view name;
    std::string_view program;  // the package's name of it, which is also the one it gets
    // What firmware starts from a removable medium (UEFI 2.10, section 3.5.1.1).
    std::string_view removable_program;
};

[[nodiscard]] std::span<const Platform> all_platforms();

struct Config {
    std::vector<TargetSpec> esps;
    std::vector<TargetSpec> boots;  // where empty, kernels and entries are on each ESP

    std::vector<Platform> platforms;
    std::string package;  // directory on the machine that runs cordwainer
    bool removable = true;
    std::string firmware_title = "cordwainer";

    std::optional<std::uint64_t> default_generation;
    std::optional<std::uint64_t> max_generations;
    std::int64_t timeout = 5;  // seconds; -1 waits
    std::optional<std::string> console_mode;
    bool editor = false;

    std::vector<std::string> microcode;      // absolute, inside the system; loaded first
    std::vector<std::string> extra_initrds;  // absolute, inside the system; loaded last
};

// The keys, their types, defaults and meanings.
[[nodiscard]] ConfigSchema config_schema();

// Reads a table that config_schema() and check_combinations() have passed; also an empty one.
[[nodiscard]] Config read_config(const ConfigValue& table);

// Impossible combinations, as Bootloader::check reports them.
[[nodiscard]] std::vector<std::string> check_combinations(const ConfigValue& table);

// The files that planning needs (Bootloader::package).
[[nodiscard]] PackageRequest package_request(const Config& config);

}  // namespace cordwainer::systemd_boot
