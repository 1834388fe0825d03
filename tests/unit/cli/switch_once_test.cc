#include "cli/switch_once.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apply/record.h"
#include "cli/delete.h"
#include "cli/once.h"
#include "cli/switch.h"
#include "host/firmware_variables.h"
#include "host/record_files.h"
#include "tests/support/boot_world.h"
#include "tests/support/run_command.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::Ran;
using test::rel;
using test::run_command;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Generations 1 and 2, installed with systemd-boot; 2 boots by default. What the loaders make of it
// is tested in virtual machines.
class SwitchOnce : public testing::Test {
  protected:
    SwitchOnce() {
        tree_.file("/k", "kernel");
        tree_.file("/etc/cordwainer/config.toml", "bootloader = \"none\"\n");
        common_.root = tree_.outside("");
        common_.state = common_.root + "/var/lib/cordwainer";
        common_.config = common_.root + "/etc/cordwainer/config.toml";
        Installed installed{.bootloader = "systemd-boot", .boots = {}};
        record_.plan.bootloader = "systemd-boot";
        for (const int number : {1, 2}) {
            const std::string name = std::to_string(number);
            add_generation(name);
            installed.generations.push_back(
                {.number = static_cast<std::uint64_t>(number), .identity = "/gnu/store/s" + name});
            record_.plan.steps.emplace_back(BasicReplaceFile<RealisedSource>{
                {"esp"},
                rel("loader/entries/cordwainer-" + name + "-0.conf"),
                ObjectRef{.digest = sha256(name), .size = 1}});
        }
        installed.boots = installed.generations.back();
        record_.generation = 2;
        record_.identity = "/gnu/store/s2";
        record_.bootloader = "systemd-boot";
        EXPECT_TRUE(write_installed(common_.state, installed));
        EXPECT_TRUE(write_record(common_.state, record_));
        tree_.file(std::string(kFirmwareVariables) + "/BootCurrent-" + kEfiGlobal, "123456");
    }

    void add_generation(const std::string& name) const {
        tree_.file("/gnu/store/s" + name + "/parameters",
                   "(boot-parameters (version 1) (label \"guix\") (root-device \"r\") (kernel "
                   "\"/k\"))");
        tree_.link("/var/guix/profiles/system-" + name + "-link", "/gnu/store/s" + name);
        tree_.link("/var/guix/profiles/system", "system-" + name + "-link");
    }

    [[nodiscard]] Ran once(const std::string& number, bool json = false) {
        common_.json = json;
        return run_command(switch_command(), {"--once", number}, common_);
    }

    [[nodiscard]] std::optional<std::string> entry() const {
        const Root root = tree_.root();
        return OnceStore::of("systemd-boot", {}, root)->read().value();
    }

    void expect_refusal(const Ran& ran, const std::string& why) const {
        EXPECT_EQ(ran.status, kFailed);
        EXPECT_THAT(ran.error, AllOf(HasSubstr(why), HasSubstr("nothing was changed")));
        EXPECT_EQ(entry(), std::nullopt);
    }

    test::SystemTree tree_;
    Common common_;
    Record record_;
};

// The menu's default is that of the configuration, whatever the system's current generation is.
TEST_F(SwitchOnce, SaysWhatBootsAfterIt) {
    Installed installed = *read_installed(common_.state).value();
    installed.other_default = OtherDefault{.generation = installed.generations.front().number};
    ASSERT_TRUE(write_installed(common_.state, installed));
    EXPECT_EQ(once("2").output, "generation 2 boots next, once; then 1 again\n");
    EXPECT_THAT(once("2", true).output, HasSubstr("\"then\": 1"));
    installed.other_default->generation.reset();
    ASSERT_TRUE(write_installed(common_.state, installed));
    EXPECT_EQ(once("1").output, "generation 1 boots next, once; then the menu's default again\n");
    EXPECT_THAT(once("1", true).output, HasSubstr("\"then\": null"));
}

TEST_F(SwitchOnce, AsksTheLoaderAndChangesNothingElse) {
    const std::string before = tree_.content("/var/lib/cordwainer/installed.json");
    Ran ran = once("1");
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_EQ(ran.output, "generation 1 boots next, once; then 2 again\n");
    EXPECT_EQ(entry(), "cordwainer-1-0.conf");
    EXPECT_EQ(tree_.content("/var/lib/cordwainer/installed.json"), before);
    EXPECT_EQ(tree_.root().read_link("/var/guix/profiles/system").value(), "system-2-link");
    ran = once("1", true);
    EXPECT_THAT(ran.output,
                AllOf(HasSubstr("\"format\": \"cordwainer-once/1\""),
                      HasSubstr("\"generation\": 1"),
                      HasSubstr("\"then\": 2"),
                      HasSubstr("\"variable\": \"LoaderEntryOneShot\""),
                      HasSubstr("\"changed\": false")));
}

TEST_F(SwitchOnce, KeepsTheGenerationFromBeingDeleted) {
    add_generation("3");
    ASSERT_EQ(once("1").status, kDone);
    const Ran ran = run_command(delete_command(), {"1"}, common_);
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("generation 1 is not deleted: it boots next, once"));
}

TEST_F(SwitchOnce, RefusesWhatTheMenuDoesNotHave) {
    add_generation("3");
    expect_refusal(once("3"), "generation 3 is not in the installed menu: `cordwainer install`");
    // The number means another generation now.
    tree_.file("/gnu/store/other/parameters", tree_.content("/gnu/store/s1/parameters"));
    tree_.link("/var/guix/profiles/system-1-link", "/gnu/store/other");
    expect_refusal(once("1"), "generation 1 is not in the installed menu");
}

TEST_F(SwitchOnce, RefusesWhatOnlyAnotherBootloaderBoots) {
    record_.plan.steps.erase(record_.plan.steps.begin());
    ASSERT_TRUE(write_record(common_.state, record_));
    expect_refusal(once("1"), "generation 1 has no entry in the installed menu of systemd-boot");
    Record other;
    other.generation = 1;
    other.identity = "/gnu/store/s1";
    other.bootloader = "grub";
    other.plan.bootloader = "grub";
    ASSERT_TRUE(write_record(common_.state, other));
    expect_refusal(once("1"), "generation 1 was installed with grub");
    EXPECT_THAT(once("1").error, AllOf(HasSubstr("BootNext"), HasSubstr("`cordwainer switch 1`")));
}

TEST_F(SwitchOnce, RefusesWithoutABootloader) {
    ASSERT_TRUE(write_installed(common_.state, Installed{.bootloader = "none", .boots = {}}));
    expect_refusal(once("1"), "no bootloader is installed here");
}

TEST_F(SwitchOnce, FailsWithoutVariables) {
    std::filesystem::remove_all(tree_.outside(kFirmwareVariables));
    const Ran ran = once("1");
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("mount -t efivarfs"));
}

}  // namespace
}  // namespace cordwainer::cli
