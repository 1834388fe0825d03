#include "cli/bootloaders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>

#include "bootloaders/registry.h"
#include "tests/support/run_command.h"

namespace cordwainer::cli {
namespace {

using testing::HasSubstr;

TEST(Bootloaders, ListsEveryOne) {
    const auto ran = test::run_command(bootloaders_command(), {}, {});
    EXPECT_EQ(ran.status, kDone);
    for (const Bootloader& bootloader : all_bootloaders()) {
        EXPECT_THAT(ran.output, HasSubstr(bootloader.name + ": " + bootloader.meaning));
    }
    EXPECT_THAT(ran.output, HasSubstr("none: "));
}

TEST(Bootloaders, ShowsEveryKeyOfGrub) {
    const auto ran = test::run_command(bootloaders_command(), {"grub"}, {});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_THAT(ran.output, HasSubstr("\n  files: string, required\n"));
    EXPECT_THAT(ran.output, HasSubstr("\n  timeout: integer from -1 to 86400, default 5\n"));
    EXPECT_THAT(ran.output, HasSubstr("\n  serial.unit: integer from 0 to 3, default 0\n"));
    EXPECT_THAT(ran.output, HasSubstr("\n  menu-entries[].device.uuid: string\n"));
    EXPECT_THAT(ran.output, testing::Not(HasSubstr("disk[].uuid")))
        << "a table or a list of such tables has one set of keys";
}

TEST(Bootloaders, TellsAProgramTheSame) {
    Common common;
    common.json = true;
    const auto ran = test::run_command(bootloaders_command(), {"grub"}, common);
    const auto json = nlohmann::json::parse(ran.output, nullptr, false);
    ASSERT_TRUE(json.is_object()) << ran.output;
    EXPECT_EQ(json["format"], "cordwainer-bootloaders/1");
    ASSERT_EQ(json["bootloaders"].size(), 1U);
    const auto& grub = json["bootloaders"][0];
    EXPECT_EQ(grub["name"], "grub");
    EXPECT_TRUE(grub["usable"].is_boolean());
    EXPECT_EQ(grub["installers"].size(), 3U);
    EXPECT_EQ(grub["installers"][2]["tag"], "disk");
    EXPECT_EQ(grub["installers"][2]["type"], "block");
    std::map<std::string, nlohmann::json> keys;
    for (const auto& key : grub["keys"]) {
        keys[key["key"]] = key;
        EXPECT_FALSE(key["meaning"].get<std::string>().empty()) << key["key"];
    }
    EXPECT_EQ(keys["timeout"]["default"], "5");
    EXPECT_TRUE(keys["esp"]["default"].is_null());
    EXPECT_EQ(keys["files"]["required"], true);
    EXPECT_EQ(keys.size(), grub["keys"].size()) << "each key once";
    const Bootloader first = all_bootloaders().front();
    for (const ConfigKey& key : first.schema.keys) {
        EXPECT_TRUE(keys.contains(key.name)) << key.name;
    }

    const auto all = test::run_command(bootloaders_command(), {}, common);
    const auto list = nlohmann::json::parse(all.output, nullptr, false);
    EXPECT_EQ(list["bootloaders"].size(), all_bootloaders().size());
}

TEST(Bootloaders, NamesTheNearestOne) {
    const auto ran = test::run_command(bootloaders_command(), {"gurb"}, {});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("there is no bootloader \"gurb\"; did you mean \"grub\"?"));
}

}  // namespace
}  // namespace cordwainer::cli
