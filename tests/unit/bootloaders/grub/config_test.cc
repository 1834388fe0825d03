#include "bootloaders/grub/config.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "model/config_schema.h"
#include "tests/unit/bootloaders/grub/config_builder.h"

namespace cordwainer::grub::testing {
namespace {

constexpr const char* kUuid = "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3";
constexpr const char* kHash = "grub.pbkdf2.sha512.1000.70F8.0EC1";

ConfigTable with_files(ConfigTable more = {}) {
    more.insert(more.begin(), {"files", text("/boot/grub")});
    return more;
}

std::string schema_problem(ConfigTable more) {
    const auto problems = check_config(config_schema(), table(with_files(std::move(more))));
    return problems.empty() ? "" : problems.front();
}

std::string combination_problem(ConfigTable more) {
    const auto problems = check_combinations(table(with_files(std::move(more))));
    return problems.empty() ? "" : problems.front();
}

void expect_in(const std::string& part, const std::string& whole) {
    EXPECT_NE(whole.find(part), std::string::npos)
        << "\"" << whole << "\" lacks \"" << part << "\"";
}

TEST(ReadConfig, HasDefaults) {
    const Config config = read_config(table(with_files()));
    EXPECT_EQ(config.files.path, "/boot/grub");
    EXPECT_TRUE(config.esps.empty());
    EXPECT_TRUE(config.disks.empty());
    EXPECT_EQ(config.platforms, std::vector<std::string>{"x86_64-efi"});
    EXPECT_EQ(config.package, "/usr");
    EXPECT_TRUE(config.removable);
    EXPECT_EQ(config.timeout, 5);
    EXPECT_EQ(config.timeout_style, "menu");
    EXPECT_TRUE(config.firmware_setup);
    EXPECT_FALSE(config.default_generation);
    EXPECT_FALSE(config.serial);
}

TEST(ReadConfig, OfNothingHasNoFilesTarget) {
    EXPECT_EQ(read_config(table({})).files.path, "");
}

TEST(ReadConfig, TakesOneTargetOrSeveral) {
    EXPECT_EQ(read_config(table(with_files({{"esp", text("/efi")}}))).esps.size(), 1U);
    const Config config = read_config(table(with_files({{"esp", texts({"/efi", "/efi2"})}})));
    ASSERT_EQ(config.esps.size(), 2U);
    EXPECT_EQ(config.esps[1].path, "/efi2");
    EXPECT_EQ(config.esps[1].tag, "esp");
}

TEST(ReadConfig, TellsTheWaysToNameADiskApart) {
    using Kind = BlockId::Kind;
    const std::vector<std::pair<ConfigValue, BlockId>> disks{
        {text("/dev/sda"), {.kind = Kind::device_path, .value = "/dev/sda"}},
        {text("3F9C1A52-7B1E-4D0A-9C55-0E8D7A41B6C3"), {.kind = Kind::any_uuid, .value = kUuid}},
        {text("my disk"), {.kind = Kind::label, .value = "my disk"}},
        {table({{"uuid", text(kUuid)}}), {.kind = Kind::file_system_uuid, .value = kUuid}},
        {table({{"label", text("/odd")}}), {.kind = Kind::label, .value = "/odd"}},
        {table({{"partuuid", text(kUuid)}}), {.kind = Kind::partition_uuid, .value = kUuid}},
        {table({{"ptuuid", text("5ca1ab1e")}}),
         {.kind = Kind::partition_table_uuid, .value = "5ca1ab1e"}},
        {table({{"path", text("/dev/sdb")}}), {.kind = Kind::device_path, .value = "/dev/sdb"}},
    };
    for (const auto& [value, expected] : disks) {
        const Config config = read_config(table(with_files({{"disk", value}})));
        ASSERT_EQ(config.disks.size(), 1U);
        EXPECT_EQ(config.disks[0].block, expected) << expected.value;
        EXPECT_EQ(config.disks[0].type, TargetType::block);
        EXPECT_EQ(schema_problem({{"disk", value}}), "");
        EXPECT_EQ(schema_problem({{"disk", list({value, value})}}), "");
    }
}

TEST(ReadConfig, FindsPackagesByPlatform) {
    const Config config = read_config(
        table(with_files({{"package", text("/opt/grub")},
                          {"platform-packages", table({{"arm64-efi", text("/opt/arm/usr")}})}})));
    EXPECT_EQ(config.modules_of("arm64-efi"), "/opt/arm/usr/lib/grub/arm64-efi");
    EXPECT_EQ(config.modules_of("i386-pc"), "/opt/grub/lib/grub/i386-pc");
    EXPECT_EQ(config.mkimage(), "/opt/grub/bin/grub-mkimage");
}

TEST(ReadConfig, ReadsAMenuEntry) {
    const Config config = read_config(table(
        with_files({{"menu-entries",
                     list({table({{"label", text("Hurd")},
                                  {"device", table({{"label", text("hurd")}})},
                                  {"crypto-devices", texts({kUuid})},
                                  {"multiboot", text("/gnumach")},
                                  {"command-line", text("a b")},
                                  {"modules", list({texts({"/m", "x"}), texts({"/n"})})}})})}})));
    ASSERT_EQ(config.entries.size(), 1U);
    const UserEntry& entry = config.entries[0];
    EXPECT_EQ(entry.kind, UserEntry::Kind::multiboot);
    EXPECT_EQ(entry.path, "/gnumach");
    EXPECT_EQ(entry.device, DeviceRef(FileSystemLabel{"hurd"}));
    EXPECT_EQ(entry.crypto_devices.size(), 1U);
    EXPECT_EQ(entry.modules, (std::vector<std::vector<std::string>>{{"/m", "x"}, {"/n"}}));
}

TEST(ConfigSchema, EveryKeySaysWhatItIsFor) {
    for (const ConfigKey& key : config_schema().keys) {
        EXPECT_TRUE(key.meaning.ends_with('.')) << key.name;
        EXPECT_FALSE(describe(key.type).empty()) << key.name;
    }
}

TEST(ConfigSchema, WantsFiles) {
    EXPECT_FALSE(check_config(config_schema(), table({})).empty());
    EXPECT_EQ(schema_problem({}), "");
}

TEST(ConfigSchema, RefusesWrongValuesWithTheirPlace) {
    const std::vector<std::pair<ConfigTable, std::string>> wrong{
        {{{"esp", text("boot/efi")}}, "absolute path"},
        {{{"esp", text("/a\nb")}}, "line breaks"},
        {{{"timeout", number(-2)}}, "-1"},
        {{{"timeout-style", text("hiden")}}, "did you mean \"hidden\"?"},
        {{{"time-out", number(1)}}, "did you mean \"timeout\"?"},
        {{{"platforms", texts({"x86-efi"})}}, "x86_64-efi"},
        {{{"serial", table({{"unit", number(9)}})}}, "0 to 3"},
        {{{"serial", table({{"port", text("3f8")}})}}, "hexadecimal"},
        {{{"gfxmode", text("$(reboot)")}}, "1024x768"},
        {{{"theme", table({{"background", text("/a.svg")}})}}, ".png"},
        {{{"theme", table({{"color-normal", text("red")}})}}, "FOREGROUND/BACKGROUND"},
        {{{"theme", table({{"color-normal", text("red/pink")}})}}, "light-magenta"},
        {{{"keyboard-layout", text("-Idir")}}, "XKB"},
        {{{"keyboard-layout", table({})}}, "layout"},
        {{{"locale", text("../../x")}}, "locale"},
        {{{"superuser", table({{"name", text("root")}})}}, "password-hash"},
        {{{"superuser", table({{"name", text("a b")}, {"password-hash", text(kHash)}})}},
         "letters"},
        {{{"superuser", table({{"name", text("root")}, {"password-hash", text("secret")}})}},
         "grub-mkpasswd-pbkdf2"},
        {{{"menu-entries", list({table({{"linux", text("/k")}})})}}, "label"},
        {{{"menu-entries", list({table({{"label", text("x")}, {"linux", text("k")}})})}},
         "beginning with"},
        {{{"disk", table({{"uuid", text("not one")}})}}, "UUID"},
    };
    for (const auto& [more, part] : wrong) {
        const std::string problem = schema_problem(more);
        EXPECT_TRUE(problem.starts_with("config.toml:1:1: ")) << more.front().first << problem;
        expect_in(part, problem);
    }
}

TEST(ConfigSchema, TakesRightValues) {
    const std::vector<ConfigTable> right{
        {{"theme", table({{"background", text("/a.jpeg")}, {"color-normal", text("red/black")}})}},
        {{"gfxmode", text("auto")}},
        {{"gfxmode", text("1024x768x32,800x600")}},
        {{"keyboard-layout", text("us")}},
        {{"keyboard-layout", table({{"layout", text("de")}, {"options", texts({"ctrl:nocaps"})}})}},
        {{"superuser", table({{"name", text("root")}, {"password-hash", text(kHash)}})}},
        {{"menu-entries",
          list({table({{"label", text("x")}, {"chainload", text("+1")}}),
                table({{"label", text("y")}, {"chainload", text("(hd0)+1")}})})}},
        {{"timeout", number(-1)}},
        {{"locale", text("sr_RS@latin")}},
    };
    for (const ConfigTable& more : right) EXPECT_EQ(schema_problem(more), "") << more.front().first;
}

ConfigTable entry(ConfigTable keys) {
    keys.insert(keys.begin(), {"label", text("x")});
    return {{"menu-entries", list({table(std::move(keys))})}};
}

TEST(CheckCombinations, RefusesWhatCannotBeMeant) {
    const std::vector<std::pair<ConfigTable, std::string>> wrong{
        {{{"default-generation", number(1)}, {"default-position", number(1)}}, "remove one"},
        {{{"timeout", number(-1)}, {"timeout-style", text("hidden")}}, "wait for ever"},
        {{{"terminal-inputs", texts({"serial"})}}, "no table `serial`"},
        {{{"terminal-outputs", texts({"serial"})}}, "no table `serial`"},
        {{{"gfxmode", text("auto")}, {"terminal-outputs", texts({"console"})}}, "gfxterm"},
        {{{"theme", table({{"background", text("/a.png")}})},
          {"terminal-outputs", texts({"console"})}},
         "background"},
        {{{"serial", table({{"unit", number(0)}, {"port", text("0x3f8")}})}}, "remove one"},
        {{{"platforms", texts({"i386-efi"})}, {"disk", text("/dev/sda")}}, "for `esp`"},
        {{{"platforms", texts({})}, {"esp", text("/efi")}}, "is empty"},
        {{{"platforms", texts({"i386-efi", "i386-efi"})}, {"esp", text("/efi")}}, "twice"},
        {{{"removable", flag(false)}}, "for `esp`"},
        {{{"firmware-title", text("x")}, {"esp", text("/efi")}}, "removable = false"},
        {{{"single-slot", flag(true)}}, "for `disk`"},
        {{{"disk", table({})}}, "exactly one of"},
        {{{"disk", list({table({{"uuid", text(kUuid)}, {"label", text("x")}})})}},
         "exactly one of"},
        {entry({}), "exactly one of linux"},
        {entry({{"linux", text("/k")}, {"efi", text("/e")}}), "exactly one of linux"},
        {entry({{"linux", text("/k")}, {"modules", list({texts({"/m"})})}}), "`multiboot`"},
        {entry({{"chainload", text("/l")}, {"initrds", texts({"/i"})}}), "`linux`"},
        {entry({{"efi", text("/e")}, {"command-line", text("x")}}), "`linux` or `multiboot`"},
        {entry({{"linux", text("/k")}, {"device", table({})}}), "exactly one of uuid"},
        {entry({{"chainload", text("+1")}}), "name it with `device`"},
        {entry({{"multiboot", text("/k")}, {"modules", list({texts({"m"})})}}), "its path"},
        {entry({{"multiboot", text("/k")}, {"modules", list({list({})})}}), "its path"},
    };
    for (const auto& [more, part] : wrong) {
        const std::string problem = combination_problem(more);
        EXPECT_TRUE(problem.starts_with("config.toml:1:1: ")) << more.front().first << problem;
        expect_in(part, problem);
        // What is said here is not for the schema to say.
        EXPECT_EQ(schema_problem(more), "");
    }
}

TEST(CheckCombinations, TakesWhatCanBeMeant) {
    const std::vector<ConfigTable> right{
        {},
        {{"timeout", number(-1)}},
        {{"timeout", number(0)}, {"timeout-style", text("hidden")}},
        {{"serial", table({})}, {"terminal-inputs", texts({"serial"})}},
        {{"esp", text("/efi")}, {"removable", flag(false)}, {"firmware-title", text("x")}},
        {{"platforms", texts({"arm64-efi"})}},
        entry({{"chainload", text("(hd1)+1")}}),
        entry({{"chainload", text("+1")}, {"device", table({{"uuid", text(kUuid)}})}}),
    };
    for (const ConfigTable& more : right) EXPECT_EQ(combination_problem(more), "");
}

// The schema refuses such tables; the combinations must not stumble over them.
TEST(CheckCombinations, SurvivesValuesOfWrongTypes) {
    for (const ConfigKey& key : config_schema().keys) {
        for (const ConfigValue& value : {number(1),
                                         text("x"),
                                         flag(true),
                                         list({number(1), list({}), table({})}),
                                         table({{"label", number(1)}, {"modules", number(2)}})}) {
            (void)check_combinations(table({{key.name, value}}));
        }
    }
}

}  // namespace
}  // namespace cordwainer::grub::testing
