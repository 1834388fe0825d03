#include "model/config_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordwainer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ConfigType type(ConfigType::Kind kind) {
    ConfigType made;
    made.kind = kind;
    return made;
}

ConfigType string_type() {
    return type(ConfigType::Kind::string);
}

ConfigType one_of(std::vector<std::string> values) {
    ConfigType made = string_type();
    made.allowed = std::move(values);
    return made;
}

ConfigType integer(std::optional<std::int64_t> low, std::optional<std::int64_t> high) {
    ConfigType made = type(ConfigType::Kind::integer);
    made.minimum = low;
    made.maximum = high;
    return made;
}

ConfigType list_of(ConfigType element) {
    ConfigType made = type(ConfigType::Kind::list);
    made.element = {std::move(element)};
    return made;
}

ConfigType table_of(ConfigSchema schema) {
    ConfigType made = type(ConfigType::Kind::table);
    made.table = {std::move(schema)};
    return made;
}

ConfigType either(ConfigType one, ConfigType other) {
    one.alternatives = {std::move(other)};
    return one;
}

ConfigKey key(std::string name, ConfigType type, bool required = false) {
    ConfigKey made;
    made.name = std::move(name);
    made.type = std::move(type);
    made.required = required;
    made.meaning = "Meaning.";
    return made;
}

// A schema with every kind of key.
ConfigSchema loader_schema() {
    ConfigType path = string_type();
    path.check = [](const std::string& text) -> std::optional<std::string> {
        if (text.starts_with('/')) return std::nullopt;
        return "an absolute path";
    };
    const ConfigSchema serial{.name = "loader.serial", .keys = {key("unit", integer(0, 3), true)}};
    const ConfigSchema disk{.name = "loader.disk", .keys = {key("partuuid", string_type())}};
    return {.name = "loader",
            .keys = {key("files", path, true),
                     key("timeout", integer(-1, 3600)),
                     key("hidden", type(ConfigType::Kind::boolean)),
                     key("mode", one_of({"menu", "countdown"})),
                     key("disk", list_of(either(string_type(), table_of(disk)))),
                     key("serial", table_of(serial))}};
}

ConfigValue at(std::size_t line, decltype(ConfigValue::value) value) {
    return {.value = std::move(value),
            .location = {.file = "c.toml", .line = line, .column = 9},
            .key_location = {.file = "c.toml", .line = line, .column = 1}};
}

ConfigValue text(std::size_t line, std::string value) {
    return at(line, std::move(value));
}

std::vector<std::string> check(ConfigTable entries) {
    return check_config(loader_schema(), at(1, std::move(entries)));
}

TEST(ConfigSchema, AcceptsEveryKind) {
    const auto disk =
        at(4, ConfigList{text(4, "/dev/sda"), at(4, ConfigTable{{"partuuid", text(4, "x")}})});
    EXPECT_THAT(check({{"files", text(2, "/boot/grub")},
                       {"timeout", at(3, std::int64_t{-1})},
                       {"hidden", at(3, true)},
                       {"mode", text(3, "menu")},
                       {"disk", disk},
                       {"serial", at(5, ConfigTable{{"unit", at(5, std::int64_t{3})}})}}),
                IsEmpty());
}

TEST(ConfigSchema, NamesTheNearestKey) {
    EXPECT_THAT(check({{"files", text(2, "/x")}, {"tiemout", at(3, std::int64_t{1})}}),
                ElementsAre("c.toml:3:1: unknown key \"tiemout\" in [loader]; did you mean "
                            "\"timeout\"? (allowed: files, timeout, hidden, mode, disk, serial)"));
    EXPECT_THAT(check({{"files", text(2, "/x")}, {"zzz", at(3, true)}}),
                ElementsAre("c.toml:3:1: unknown key \"zzz\" in [loader] (allowed: files, timeout, "
                            "hidden, mode, disk, serial)"));
}

TEST(ConfigSchema, SaysWhatAWrongValueMustBe) {
    EXPECT_THAT(
        check({{"files", text(2, "boot")},
               {"timeout", text(3, "5")},
               {"hidden", at(4, std::int64_t{1})},
               {"mode", text(5, "mneu")},
               {"disk", at(6, ConfigList{at(6, true)})},
               {"serial", at(7, ConfigTable{{"unit", at(7, std::int64_t{4})}})}}),
        ElementsAre(
            "c.toml:2:9: \"files\" must be an absolute path, not \"boot\"",
            "c.toml:3:9: \"timeout\" must be an integer from -1 to 3600, not a string",
            "c.toml:4:9: \"hidden\" must be a boolean, not an integer",
            "c.toml:5:9: \"mode\" must be one of \"menu\", \"countdown\", not \"mneu\"; did you "
            "mean \"menu\"?",
            "c.toml:6:9: an element of \"disk\" must be a string or a table, not a boolean",
            "c.toml:7:9: \"unit\" must be an integer from 0 to 3, not 4"));
}

TEST(ConfigSchema, ChecksBothBounds) {
    const auto timeout = [](std::int64_t value) {
        return check({{"files", text(2, "/x")}, {"timeout", at(3, value)}}).size();
    };
    EXPECT_EQ(timeout(-2), 1U);
    EXPECT_EQ(timeout(-1), 0U);
    EXPECT_EQ(timeout(3600), 0U);
    EXPECT_EQ(timeout(3601), 1U);
}

TEST(ConfigSchema, NamesMissingKeysAtTheirTable) {
    EXPECT_THAT(
        check({{"serial", at(7, ConfigTable{})}}),
        ElementsAre("c.toml:1:9: the key \"files\" is missing in [loader]: a string. "
                    "Meaning.",
                    "c.toml:7:9: the key \"unit\" is missing in [loader.serial]: an integer "
                    "from 0 to 3. Meaning."));
}

TEST(ConfigSchema, ReportsInTheOrderOfTheFile) {
    EXPECT_THAT(
        check({{"serial", at(9, ConfigTable{{"unit", at(12, true)}})}, {"files", at(10, true)}}),
        ElementsAre(testing::StartsWith("c.toml:10:"), testing::StartsWith("c.toml:12:")));
}

TEST(ConfigSchema, RefusesWhatIsNoTable) {
    EXPECT_THAT(check_config(loader_schema(), text(1, "x")),
                ElementsAre("c.toml:1:9: \"loader\" must be a table, not a string"));
}

TEST(ConfigSchema, ShowsHostileNamesOnOneLine) {
    const std::string name = "a\n\"" + std::string(200, 'x');
    const auto problems = check({{"files", text(2, "/x")}, {name, at(3, true)}});
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0], testing::HasSubstr("unknown key \"a?\\\"xxx"));
    EXPECT_EQ(problems[0].find('\n'), std::string::npos);
    EXPECT_LT(problems[0].size(), 250U);
}

TEST(ConfigSchema, DescribesTypes) {
    EXPECT_EQ(describe(string_type()), "string");
    EXPECT_EQ(describe(type(ConfigType::Kind::boolean)), "boolean");
    EXPECT_EQ(describe(integer(-1, 3600)), "integer from -1 to 3600");
    EXPECT_EQ(describe(integer(0, std::nullopt)), "integer of at least 0");
    EXPECT_EQ(describe(integer(std::nullopt, 9)), "integer of at most 9");
    EXPECT_EQ(describe(one_of({"gpt", "mbr"})), "one of \"gpt\", \"mbr\"");
    EXPECT_EQ(describe(one_of({"gpt"})), "\"gpt\"");
    EXPECT_EQ(describe(list_of(string_type())), "list of strings");
    EXPECT_EQ(describe(list_of(one_of({"a", "b"}))), "list of strings, each one of \"a\", \"b\"");
    EXPECT_EQ(describe(list_of(either(string_type(), table_of({})))), "list of strings or tables");
    EXPECT_EQ(describe(either(integer(1, 2), string_type())), "integer from 1 to 2 or string");
}

}  // namespace
}  // namespace cordwainer
