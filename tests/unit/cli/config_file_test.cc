#include "cli/config_file.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/file_io.h"

namespace cordwainer::cli {
namespace {

ConfigKey integer_key(const std::string& name, bool required) {
    ConfigKey key;
    key.name = name;
    key.type.kind = ConfigType::Kind::integer;
    key.type.minimum = 0;
    key.required = required;
    key.meaning = "How many.";
    return key;
}

// Two bootloaders; the second has a required key and refuses 13.
std::vector<Bootloader> two_bootloaders() {
    Bootloader plain;
    plain.name = "plain";
    plain.schema = {.name = "plain", .keys = {integer_key("count", false)}};
    Bootloader strict;
    strict.name = "strict";
    strict.schema = {.name = "strict", .keys = {integer_key("count", true)}};
    strict.check = [](const ConfigValue& table) -> std::vector<std::string> {
        const ConfigValue& count = *table.find("count");
        if (std::get<std::int64_t>(count.value) != 13) return {};
        return {count.location.text() + ": 13 is impossible"};
    };
    return {plain, strict};
}

Result<Configuration> read(std::string_view text) {
    return read_config(text, "c.toml", two_bootloaders());
}

std::string refusal(std::string_view text) {
    const auto config = read(text);
    return config ? "accepted" : config.error().message();
}

TEST(ConfigFile, ReadsAllParts) {
    const auto config = read(R"(bootloader = "strict"
[generations]
source = "guix"
profile = "/p/system"
[strict]
count = 3
[plain]
)");
    ASSERT_TRUE(config) << config.error().message();
    EXPECT_EQ(config->bootloader, "strict");
    EXPECT_EQ(config->generations.source, GenerationsConfig::Source::guix);
    EXPECT_EQ(config->generations.profile, "/p/system");
    ASSERT_NE(config->table.find("count"), nullptr);
    EXPECT_EQ(std::get<std::int64_t>(config->table.find("count")->value), 3);
}

TEST(ConfigFile, HasDefaults) {
    const auto config = read("bootloader = \"plain\"\n");
    ASSERT_TRUE(config) << config.error().message();
    EXPECT_EQ(config->generations, GenerationsConfig{});
    EXPECT_EQ(config->table.value, decltype(config->table.value)(ConfigTable{}));
    const auto none = read("bootloader = \"none\"\n");
    ASSERT_TRUE(none) << none.error().message();
    EXPECT_EQ(none->bootloader, "none");
}

TEST(ConfigFile, NeedsABootloader) {
    EXPECT_EQ(refusal("[plain]\n"),
              "c.toml: the key \"bootloader\" is missing at the top level: one of \"none\", "
              "\"plain\", \"strict\". What is installed; none: the kernel is started by other "
              "means.");
}

TEST(ConfigFile, NamesTheNearestBootloader) {
    EXPECT_EQ(refusal("bootloader = \"strcit\"\n"),
              "c.toml:1:14: \"bootloader\" must be one of \"none\", \"plain\", \"strict\", not "
              "\"strcit\"; did you mean \"strict\"?");
}

TEST(ConfigFile, NeedsTheChosenTablesKeys) {
    EXPECT_EQ(refusal("bootloader = \"strict\"\n"),
              "c.toml:1:14: the key \"count\" is missing in [strict]: an integer of at least 0. "
              "How many.");
    EXPECT_EQ(refusal("bootloader = \"plain\"\n"), "accepted");
}

TEST(ConfigFile, ReportsAllProblemsInOrder) {
    EXPECT_EQ(refusal("bootloader = \"plain\"\nbotloader = 1\n[strict]\ncount = -1\n[generations]\n"
                      "source = \"gux\"\nprofile = \"p\"\n"),
              "4 problems in the configuration:\n"
              "  c.toml:2:1: unknown key \"botloader\" at the top level; did you mean "
              "\"bootloader\"? (allowed: bootloader, generations, plain, strict)\n"
              "  c.toml:4:9: \"count\" must be an integer of at least 0, not -1\n"
              "  c.toml:6:10: \"source\" must be one of \"auto\", \"guix\", \"native\", not "
              "\"gux\"; did you mean \"guix\"?\n"
              "  c.toml:7:11: \"profile\" must be an absolute path, not \"p\"");
}

TEST(ConfigFile, ChecksTablesThatAreNotChosen) {
    EXPECT_EQ(refusal("bootloader = \"none\"\n[plain]\ncount = true\n"),
              "c.toml:3:9: \"count\" must be an integer of at least 0, not a boolean");
    EXPECT_EQ(refusal("bootloader = \"none\"\n[strict]\ncount = 13\n"),
              "c.toml:3:9: 13 is impossible");
}

TEST(ConfigFile, SaysWhatToDoWithoutAFile) {
    const auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
    ASSERT_TRUE(directory);
    Common common;
    common.config = directory->path() / "config.toml";
    const auto config = load_config(common, two_bootloaders());
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, Errc::not_found);
    EXPECT_EQ(
        config.error().message(),
        "there is no configuration " + common.config + ": write one, or name one with --config");
    const auto defaults = load_generations_config(common);
    ASSERT_TRUE(defaults);
    EXPECT_EQ(*defaults, GenerationsConfig{});
    common.config_given = true;
    EXPECT_FALSE(load_generations_config(common));
}

}  // namespace
}  // namespace cordwainer::cli
