#include "bootloaders/systemd_boot/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/bootloaders/systemd_boot/scenario.h"

namespace cordwainer::systemd_boot::testing {
namespace {

using ::testing::HasSubstr;

ConfigTable with_esp(ConfigTable more = {}) {
    more.insert(more.begin(), {"esp", text("/boot/efi")});
    return more;
}

std::string schema_problem(ConfigTable table) {
    const auto problems = check_config(config_schema(), value_of(std::move(table)));
    return problems.empty() ? "" : problems.front();
}

std::string combination_problem(ConfigTable more) {
    const auto problems = check_combinations(value_of(with_esp(std::move(more))));
    return problems.empty() ? "" : problems.front();
}

TEST(SystemdBootConfig, HasDefaults) {
    const Config config = read_config(value_of(with_esp()));
    ASSERT_EQ(config.esps.size(), 1U);
    EXPECT_EQ(config.esps.front().path, "/boot/efi");
    EXPECT_TRUE(config.boots.empty());
    ASSERT_EQ(config.platforms.size(), 1U);
    EXPECT_EQ(config.platforms.front().name, "x86_64-efi");
    EXPECT_EQ(config.package, "/usr/lib/systemd/boot/efi");
    EXPECT_TRUE(config.removable);
    EXPECT_EQ(config.timeout, 5);
    EXPECT_FALSE(config.editor);
    EXPECT_FALSE(config.console_mode);
    EXPECT_FALSE(config.default_generation);
    EXPECT_FALSE(config.max_generations);
}

TEST(SystemdBootConfig, NeedsAnEsp) {
    EXPECT_THAT(schema_problem({}), HasSubstr("esp"));
    EXPECT_EQ(schema_problem(with_esp()), "");
    EXPECT_THAT(schema_problem({{"esp", text("boot/efi")}}), HasSubstr("an absolute path"));
    const auto problems = check_combinations(value_of(ConfigTable{{"esp", texts({})}}));
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems.front(),
              "config.toml:1:1: `esp` is empty: name at least one EFI system partition");
}

TEST(SystemdBootConfig, ChecksValues) {
    EXPECT_THAT(schema_problem(with_esp({{"console-mode", text("4")}})), HasSubstr("\"auto\""));
    EXPECT_THAT(schema_problem(with_esp({{"timeout", number(-2)}})), HasSubstr("-1"));
    EXPECT_THAT(schema_problem(with_esp({{"max-generations", number(0)}})), HasSubstr("1"));
    EXPECT_THAT(schema_problem(with_esp({{"firmware-title", text("")}})), HasSubstr("at least"));
    EXPECT_THAT(schema_problem(with_esp({{"platforms", texts({"i386-efi"})}})),
                HasSubstr("x86_64-efi"));
}

TEST(SystemdBootConfig, RefusesOnePlaceForBoth) {
    EXPECT_THAT(combination_problem({{"boot", texts({"/boot", "/boot/efi"})}}),
                HasSubstr("`boot` and `esp` both name /boot/efi"));
    EXPECT_EQ(combination_problem({{"boot", text("/boot")}}), "");
    EXPECT_THAT(combination_problem({{"boot", texts({})}}), HasSubstr("`boot` is empty"));
}

TEST(SystemdBootConfig, RefusesPlatformsThatSayNothing) {
    EXPECT_THAT(combination_problem({{"platforms", texts({})}}), HasSubstr("is empty"));
    EXPECT_THAT(combination_problem({{"platforms", texts({"arm64-efi", "arm64-efi"})}}),
                HasSubstr("names arm64-efi twice"));
}

TEST(SystemdBootConfig, RefusesATitleWithoutFirmwareEntry) {
    EXPECT_THAT(combination_problem({{"firmware-title", text("Mine")}}),
                HasSubstr("`removable = false`"));
    EXPECT_EQ(combination_problem({{"firmware-title", text("Mine")}, {"removable", flag(false)}}),
              "");
}

TEST(SystemdBootConfig, AsksForThePackageAndForConfiguredFiles) {
    const PackageRequest of_nothing = package_request(read_config(value_of(ConfigTable{})));
    ASSERT_EQ(of_nothing.files.size(), 1U);
    EXPECT_EQ(of_nothing.files.front().directory, "/usr/lib/systemd/boot/efi");
    EXPECT_FALSE(of_nothing.files.front().optional);

    const PackageRequest request = package_request(read_config(value_of(with_esp(
        {{"microcode", texts({"/boot/ucode.cpio"})}, {"extra-initrds", texts({"/extra"})}}))));
    ASSERT_EQ(request.files.size(), 3U);
    EXPECT_EQ(request.files[1].directory, "/boot");
    EXPECT_EQ(request.files[1].suffix, "ucode.cpio");
    EXPECT_EQ(request.files[1].base, HostFile::Base::system);
    EXPECT_EQ(request.files[2].directory, "/");
    EXPECT_EQ(request.files[2].suffix, "extra");
}

}  // namespace
}  // namespace cordwainer::systemd_boot::testing
