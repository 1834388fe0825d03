#include "cli/config_file.h"

#include <algorithm>
#include <fmt/format.h>

#include "cli/config_toml.h"
#include "sys/file_io.h"
#include "sys/root.h"

namespace cordwainer::cli {
namespace {

constexpr std::uint64_t kLargestConfig = std::uint64_t{1} << 20U;

std::optional<std::string> absolute_path(const std::string& text) {
    if (text.starts_with('/')) return std::nullopt;
    return "an absolute path";
}

ConfigSchema generations_schema() {
    ConfigKey source;
    source.name = "source";
    source.type.allowed = {"auto", "guix", "native"};
    source.default_text = "\"auto\"";
    source.meaning = "Where generations come from; auto takes Guix's where the profile exists.";
    ConfigKey profile;
    profile.name = "profile";
    profile.type.check = absolute_path;
    profile.default_text = "\"" + GenerationsConfig{}.profile + "\"";
    profile.meaning = "The link to the current Guix system; the numbered ones lie beside it.";
    return {.name = "generations", .keys = {source, profile}};
}

ConfigKey table_key(const std::string& name, ConfigSchema schema, const std::string& meaning) {
    ConfigKey key;
    key.name = name;
    key.type.kind = ConfigType::Kind::table;
    key.type.table = {std::move(schema)};
    key.meaning = meaning;
    return key;
}

ConfigKey generations_key() {
    return table_key("generations", generations_schema(), "Where generations come from.");
}

// The message for all problems together.
Error refused(const std::vector<std::string>& problems) {
    if (problems.size() == 1) return Error(Errc::invalid_input, problems.front());
    return Error(Errc::invalid_input,
                 fmt::format("{} problems in the configuration:\n  {}",
                             problems.size(),
                             fmt::join(problems, "\n  ")));
}

std::string text_at(const ConfigValue& table, std::string_view key, const std::string& otherwise) {
    const ConfigValue* value = table.find(key);
    const auto* text = value ? std::get_if<std::string>(&value->value) : nullptr;
    return text ? *text : otherwise;
}

GenerationsConfig generations_config(const ConfigValue& file) {
    GenerationsConfig config;
    const ConfigValue* table = file.find("generations");
    if (!table) return config;
    using Source = GenerationsConfig::Source;
    const std::string source = text_at(*table, "source", "auto");
    if (source == "guix") config.source = Source::guix;
    if (source == "native") config.source = Source::native;
    config.profile = text_at(*table, "profile", config.profile);
    return config;
}

// The default file is looked up as the system itself would: links in it lead inside the root.
Result<std::string> config_text(const Common& common) {
    if (common.config_given) return read_text_file(common.config, kLargestConfig);
    const Root root = TRY(Root::open(common.root));
    return root.read(kConfigPath, kLargestConfig);
}

// The text of the configuration file; not_found, with what to do, where there is none.
Result<std::string> named_config(const Common& common) {
    Result<std::string> text = config_text(common);
    if (text || text.error().code != Errc::not_found) return text;
    return Error(Errc::not_found,
                 fmt::format("there is no configuration {}: write one, or name one with --config",
                             common.config));
}

// What is wrong with the tables of all bootloaders, once they fit their schemas.
std::vector<std::string> impossible(const ConfigValue& file,
                                    const std::vector<Bootloader>& bootloaders) {
    std::vector<std::string> problems;
    for (const Bootloader& bootloader : bootloaders) {
        const ConfigValue* table = file.find(bootloader.name);
        if (!table || !bootloader.check) continue;
        for (std::string& problem : bootloader.check(*table)) {
            problems.push_back(std::move(problem));
        }
    }
    return problems;
}

}  // namespace

ConfigSchema config_schema(const std::vector<Bootloader>& bootloaders) {
    ConfigKey chosen;
    chosen.name = "bootloader";
    chosen.required = true;
    chosen.meaning = "What is installed; none: the kernel is started by other means.";
    chosen.type.allowed = {"none"};
    for (const Bootloader& bootloader : bootloaders) {
        chosen.type.allowed.push_back(bootloader.name);
    }
    ConfigSchema schema{.name = "", .keys = {chosen}};
    schema.keys.push_back(generations_key());
    for (const Bootloader& bootloader : bootloaders) {
        schema.keys.push_back(table_key(bootloader.name, bootloader.schema, bootloader.meaning));
    }
    return schema;
}

Result<Configuration> read_config(std::string_view text,
                                  const std::string& file_name,
                                  const std::vector<Bootloader>& bootloaders) {
    ConfigValue file = TRY(parse_toml(text, file_name));
    const ConfigValue* chosen = file.find("bootloader");
    const std::string name = text_at(file, "bootloader", "none");
    auto* entries = std::get_if<ConfigTable>(&file.value);
    const bool registered =
        std::ranges::any_of(bootloaders, [&](const Bootloader& b) { return b.name == name; });
    // The chosen bootloader's table is checked even where it is left out: a key may be required.
    if (chosen && entries && registered && !file.find(name)) {
        const Location place = chosen->location;
        entries->emplace_back(name, ConfigValue{ConfigTable{}, place, place});
    }
    if (const auto problems = check_config(config_schema(bootloaders), file); !problems.empty()) {
        return refused(problems);
    }
    if (const auto problems = impossible(file, bootloaders); !problems.empty()) {
        return refused(problems);
    }
    Configuration config{.bootloader = name,
                         .generations = generations_config(file),
                         .table = {ConfigTable{}, {.file = file_name}, {.file = file_name}},
                         .text = std::string(text)};
    if (const ConfigValue* table = file.find(name)) config.table = *table;
    return config;
}

Result<Configuration> load_config(const Common& common,
                                  const std::vector<Bootloader>& bootloaders) {
    const std::string text = TRY(named_config(common));
    return read_config(text, common.config, bootloaders);
}

Result<GenerationsConfig> load_generations_config(const Common& common) {
    const Result<std::string> text = named_config(common);
    if (!text && text.error().code == Errc::not_found && !common.config_given)
        return GenerationsConfig{};
    if (!text) return text.error();
    const ConfigValue file = TRY(parse_toml(*text, common.config));
    const ConfigValue* table = file.find("generations");
    if (!table) return GenerationsConfig{};
    const ConfigSchema schema{.name = "", .keys = {generations_key()}};
    const ConfigValue alone{
        ConfigTable{{.first = "generations", .second = *table}}, file.location, file.key_location};
    if (const auto problems = check_config(schema, alone); !problems.empty())
        return refused(problems);
    return generations_config(file);
}

}  // namespace cordwainer::cli
