#include "cli/config_toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordwainer::cli {
namespace {

std::string toml_refusal(std::string_view text) {
    const auto value = parse_toml(text, "c.toml");
    return value ? "accepted" : value.error().message();
}

// The values with all places dropped.
ConfigValue without_places(ConfigValue value) {
    value.location = {};
    value.key_location = {};
    if (auto* list = std::get_if<ConfigList>(&value.value)) {
        for (ConfigValue& element : *list) element = without_places(std::move(element));
    } else if (auto* table = std::get_if<ConfigTable>(&value.value)) {
        for (auto& entry : *table) entry.second = without_places(std::move(entry.second));
    }
    return value;
}

TEST(ConfigToml, KnowsWhereValuesAndKeysStand) {
    const auto file =
        parse_toml("bootloader = \"grub\"\n\n[grub]\nb = 1\n  timeout =  -1\n", "c.toml");
    ASSERT_TRUE(file) << file.error().message();
    const ConfigValue* name = file->find("bootloader");
    ASSERT_NE(name, nullptr);
    EXPECT_EQ(name->location.text(), "c.toml:1:14");
    EXPECT_EQ(name->key_location.text(), "c.toml:1:1");
    const ConfigValue* grub = file->find("grub");
    ASSERT_NE(grub, nullptr);
    EXPECT_EQ(grub->location.text(), "c.toml:3:1");
    EXPECT_EQ(grub->key_location.text(), "c.toml:3:2");
    const ConfigValue* timeout = grub->find("timeout");
    ASSERT_NE(timeout, nullptr);
    EXPECT_EQ(timeout->location.text(), "c.toml:5:14");
    EXPECT_EQ(timeout->key_location.text(), "c.toml:5:3");
    EXPECT_EQ(std::get<std::int64_t>(timeout->value), -1);
}

TEST(ConfigToml, CountsColumnsInBytes) {
    const auto file = parse_toml("t = { \"öä\" = \"é\", b = 2 }\n", "c.toml");
    ASSERT_TRUE(file) << file.error().message();
    const ConfigValue* b = file->find("t")->find("b");
    ASSERT_NE(b, nullptr);
    EXPECT_EQ(b->key_location.text(), "c.toml:1:22");
    EXPECT_EQ(b->location.text(), "c.toml:1:26");
}

TEST(ConfigToml, KeepsTheOrderOfTheFile) {
    const auto file = parse_toml("z = 1\na = 2\n[m]\ny.k = 1\nb = 2\n[c]\n", "c.toml");
    ASSERT_TRUE(file) << file.error().message();
    std::vector<std::string> names;
    for (const auto& entry : std::get<ConfigTable>(file->value)) names.push_back(entry.first);
    EXPECT_THAT(names, testing::ElementsAre("z", "a", "m", "c"));
    EXPECT_EQ(std::get<ConfigTable>(file->find("m")->value).front().first, "y");
}

TEST(ConfigToml, PutsTablesWithoutHeaderWhereTheirKeyIs) {
    const auto file = parse_toml("\n[a.b]\nc = 1\n", "c.toml");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->find("a")->location.line, 2U);
}

TEST(ConfigToml, RefusesFractionsAndDatesTogether) {
    EXPECT_EQ(toml_refusal("a = 1.5\nb = [2, 3e2]\nc = 2026-01-01\n"),
              "c.toml:1:5: \"a\": no key takes a number with a fraction or exponent; write a whole "
              "number, or a string\n"
              "c.toml:2:9: \"b\": no key takes a number with a fraction or exponent; write a whole "
              "number, or a string\n"
              "c.toml:3:5: \"c\": no key takes a date or time; write a string");
}

TEST(ConfigToml, PlacesSyntaxErrors) {
    EXPECT_THAT(toml_refusal("a = 1\nb = \n"), testing::StartsWith("c.toml:2:5: "));
    EXPECT_THAT(toml_refusal("a = 1\na = 2\n"), testing::StartsWith("c.toml:2:"));
    EXPECT_THAT(toml_refusal("a = \"\xff\"\n"), testing::StartsWith("c.toml:1:"));
}

TEST(ConfigToml, TakesLettersOutsideStringsForNoBlanks) {
    for (const char* letter : {"\u00e9", "\u3042", "\ufedf"}) {
        const std::string text = letter;
        const auto key = parse_toml(text + " = 1\n", "c.toml");
        ASSERT_FALSE(key) << text;
        EXPECT_NE(key.error().message().find("c.toml:1:1"), std::string::npos);
        EXPECT_FALSE(parse_toml("a = 1 " + text + "\n", "c.toml")) << text;
        const auto continued = parse_toml("a = \"\"\"\\\n  " + text + "\"\"\"\n", "c.toml");
        ASSERT_TRUE(continued) << continued.error().message();
        const auto& table = std::get<ConfigTable>(continued->value);
        EXPECT_EQ(std::get<std::string>(table.front().second.value), text);
    }
}

TEST(ConfigToml, RefusesWhatIsTooDeepOrTooLarge) {
    std::string lists;
    for (int i = 0; i < 40; ++i) lists += '[';
    for (int i = 0; i < 40; ++i) lists += ']';
    EXPECT_THAT(toml_refusal("a = " + lists), testing::HasSubstr("nested more than 32 deep"));
    std::string dotted = "a";
    for (int i = 0; i < 40; ++i) dotted += ".a";
    EXPECT_THAT(toml_refusal(dotted + " = 1"), testing::HasSubstr("nested more than 32 deep"));
    for (int i = 0; i < 100'000; ++i) dotted += ".a";
    EXPECT_EQ(toml_refusal(dotted + " = 1"), "c.toml:1:130: more than 64 dots in one line");
    EXPECT_EQ(toml_refusal(std::string((1U << 20U) + 1, '\n')), "c.toml: larger than 1 MiB");
    EXPECT_EQ(toml_refusal("# " + std::string(200, '.') + "\na = 1"), "accepted");
}

TEST(ConfigToml, RendersWhatItReads) {
    for (const std::string_view text : {
             "",
             "bootloader = \"grub\"\n\n[grub]\nfiles = \"/boot/grub\"\nesp = [\"/boot/efi\"]\n",
             "a.b.c = 1\nd = true\n[e]\n[e.f]\ng = [{h = 1, \"i j\" = []}, {}]\n",
             "text = \"quote \\\" backslash \\\\ tab \\t nul \\u0000 del \\u007F é \\U0001F97E\"\n",
             "\"\" = '''multi\nline'''\n\"a.b\" = -9223372036854775808\n",
             "[[list]]\na = 1\n[[list]]\na = 2\n[list.b]\nc = false\n",
         }) {
        const auto first = parse_toml(text, "c.toml");
        ASSERT_TRUE(first) << text << first.error().message();
        const std::string rendered = render_toml(*first);
        const auto second = parse_toml(rendered, "c.toml");
        ASSERT_TRUE(second) << rendered << second.error().message();
        EXPECT_EQ(without_places(*first), without_places(*second)) << rendered;
    }
}

TEST(ConfigToml, RendersTablesAtTheEndAsSections) {
    const auto file = parse_toml("a = {b = 1}\nc = 2\nd.e = \"x\"\n", "c.toml");
    ASSERT_TRUE(file);
    EXPECT_EQ(render_toml(*file), "a = { b = 1 }\nc = 2\n\n[d]\ne = \"x\"\n");
}

}  // namespace
}  // namespace cordwainer::cli
