// The configuration file: which bootloader, where generations come from, and each bootloader's own
// table, checked as a whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "core/error.h"
#include "host/profiles.h"
#include "model/bootloader.h"
#include "model/config_value.h"

namespace cordwainer::cli {

// Where the configuration of a system is, inside it.
constexpr const char* kConfigPath = "/etc/cordwainer/config.toml";

// The table [generations].
struct GenerationsConfig {
    using Source = GenerationsRequest::Source;
    Source source = Source::automatic;
    std::string profile = "/var/guix/profiles/system";  // of guix: the link to the current one

    bool operator==(const GenerationsConfig&) const = default;
};

struct Configuration {
    std::string bootloader;  // a registered name, or "none"
    GenerationsConfig generations = {};
    ConfigValue table = {};  // the bootloader's own, checked by its schema; empty where it has none
    std::string text = {};   // the whole file, for records
};

// The keys at the top level of the file, with every bootloader's own table.
[[nodiscard]] ConfigSchema config_schema(const std::vector<Bootloader>& bootloaders);

// Reads and checks a configuration. Whatever is wrong is refused with invalid_input, all of it at
// once: the last note has a line for each problem, which begins with its place.
[[nodiscard]] Result<Configuration> read_config(std::string_view text,
                                                const std::string& file_name,
                                                const std::vector<Bootloader>& bootloaders);

// Reads the configuration file that `common` names. not_found, with what to do, where there is
// none.
[[nodiscard]] Result<Configuration> load_config(const Common& common,
                                                const std::vector<Bootloader>& bootloaders);

// Where generations come from: as the configuration file that `common` names says, of which nothing
// else is checked; the defaults where that was not asked for by name and does not exist.
[[nodiscard]] Result<GenerationsConfig> load_generations_config(const Common& common);

}  // namespace cordwainer::cli
