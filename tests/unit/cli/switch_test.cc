#include "cli/switch.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apply/record.h"
#include "cli/install.h"
#include "host/record_files.h"
#include "tests/support/run_command.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::Ran;
using test::run_command;
using test::SystemTree;
using ::testing::HasSubstr;

constexpr const char* kParameters =
    "(boot-parameters (version 1) (label \"guix\") (root-device \"r\") (kernel \"/k\"))";

// A system with two generations, of which the second is the current one, and without a bootloader:
// what a switch does to the machine is tested in virtual ones.
class Switch : public testing::Test {
  protected:
    Switch() {
        tree_.file("/k", "kernel");
        tree_.file("/etc/cordwainer/config.toml", "bootloader = \"none\"\n");
        for (const int number : {1, 2}) add_generation(number);
        common_.root = tree_.outside("");
        common_.state = common_.root + "/var/lib/cordwainer";
        common_.config = common_.root + "/etc/cordwainer/config.toml";
    }

    void add_generation(int number) const {
        const std::string name = std::to_string(number);
        tree_.file("/gnu/store/s" + name + "/parameters", kParameters);
        tree_.link("/var/guix/profiles/system-" + name + "-link", "/gnu/store/s" + name);
        tree_.link("/var/guix/profiles/system", "system-" + name + "-link");
    }

    [[nodiscard]] Ran switch_to(const std::vector<std::string>& arguments) const {
        return run_command(switch_command(), arguments, common_);
    }

    [[nodiscard]] std::string current() const {
        return tree_.root().read_link("/var/guix/profiles/system").value_or("");
    }

    // The generation that the last run made the default.
    [[nodiscard]] std::optional<std::uint64_t> boots() const {
        const auto installed = read_installed(common_.state);
        if (!installed || !*installed || !(*installed)->boots) return std::nullopt;
        return (*installed)->boots->number;
    }

    // A record of generation 1 whose bootloader does not exist any more.
    [[nodiscard]] Record old_record() const {
        Record record;
        record.generation = 1;
        record.identity = "/gnu/store/s1";
        record.bootloader = "lost";
        record.configuration = "bootloader = \"lost\"\n";
        record.plan.bootloader = "lost";
        record.plan.generation = 1;
        return record;
    }

    SystemTree tree_;
    Common common_;
};

TEST_F(Switch, MovesTheDefaultAndTheProfile) {
    const Ran ran = switch_to({"1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_EQ(current(), "system-1-link");
    EXPECT_EQ(boots(), 1U);
    EXPECT_EQ(run_command(install_command(), {}, common_).status, kDone);
    EXPECT_EQ(boots(), 1U);
}

TEST_F(Switch, ToThePreviousOne) {
    ASSERT_EQ(switch_to({"--previous"}).status, kDone);
    EXPECT_EQ(current(), "system-1-link");
    const Ran again = switch_to({"--previous"});
    EXPECT_EQ(again.status, kFailed);
    EXPECT_THAT(again.error, HasSubstr("there is no generation before 1, which boots by default"));
}

TEST_F(Switch, WithoutTheProfileHoldsUntilThereIsANewerGeneration) {
    ASSERT_EQ(switch_to({"1", "--boot-only"}).status, kDone);
    EXPECT_EQ(current(), "system-2-link");
    EXPECT_EQ(boots(), 1U);
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    EXPECT_EQ(boots(), 1U);
    add_generation(3);
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    EXPECT_EQ(boots(), 3U);
}

TEST_F(Switch, WithoutTheProfileHoldsUntilANumberIsUsedAgain) {
    ASSERT_EQ(switch_to({"1", "--boot-only"}).status, kDone);
    tree_.file("/gnu/store/other/parameters", kParameters);
    tree_.link("/var/guix/profiles/system-2-link", "/gnu/store/other");
    const Ran ran = run_command(install_command(), {}, common_);
    ASSERT_EQ(ran.status, kDone);
    EXPECT_EQ(boots(), 2U);
    EXPECT_THAT(ran.complaints,
                HasSubstr("`switch --boot-only`, generation 1, is given up: generation 2 is new"));
}

TEST_F(Switch, WithoutTheProfileHoldsForThatGenerationOnly) {
    ASSERT_EQ(switch_to({"1", "--boot-only"}).status, kDone);
    tree_.file("/gnu/store/other/parameters", kParameters);
    tree_.link("/var/guix/profiles/system-1-link", "/gnu/store/other");
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    EXPECT_EQ(boots(), 2U);
}

TEST_F(Switch, ThatDidNotEndIsGoneOnWith) {
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    const Installed before = **read_installed(common_.state);
    Installed cut = before;
    cut.switching = GenerationId{.number = 1, .identity = "/gnu/store/s1"};
    ASSERT_TRUE(write_installed(common_.state, cut));
    const Ran ran = run_command(install_command(), {}, common_);
    EXPECT_EQ(boots(), 1U);
    EXPECT_THAT(ran.complaints,
                HasSubstr("the switch to generation 1, which did not end, is gone"));
    EXPECT_EQ((*read_installed(common_.state))->switching, cut.switching);
    ASSERT_EQ(switch_to({"2"}).status, kDone);
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    EXPECT_EQ(boots(), 2U);

    ASSERT_TRUE(write_installed(common_.state, cut));
    add_generation(3);
    EXPECT_THAT(run_command(install_command(), {}, common_).complaints,
                HasSubstr("is given up: generation 3 is new"));
    EXPECT_EQ(boots(), 3U);

    // Cut after the link has followed: what the system says later counts.
    ASSERT_EQ(switch_to({"1"}).status, kDone);
    ASSERT_TRUE(write_installed(common_.state, cut));
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    tree_.link("/var/guix/profiles/system", "system-2-link");
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    EXPECT_EQ(boots(), 2U);
}

// As after a power cut before the link: the next run would make what it says the default again.
TEST_F(Switch, HoldsWhereTheProfileCouldNotBeMovedYet) {
    const std::filesystem::path in_the_way = tree_.outside("/var/guix/profiles/.system.cordwainer");
    std::filesystem::create_directory(in_the_way);
    EXPECT_EQ(switch_to({"1"}).status, kPartial);
    EXPECT_EQ(current(), "system-2-link");
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    EXPECT_EQ(boots(), 1U);

    std::filesystem::remove(in_the_way);
    ASSERT_EQ(switch_to({"1"}).status, kDone);
    EXPECT_EQ(current(), "system-1-link");
    EXPECT_EQ((*read_installed(common_.state))->switching, std::nullopt);
}

TEST_F(Switch, ToAGenerationThatIsNotThereIsRefused) {
    const Ran ran = switch_to({"7"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("there is no generation 7"));
    EXPECT_EQ(current(), "system-2-link");
    EXPECT_EQ(boots(), std::nullopt);
}

TEST_F(Switch, NeedsNoMoreOfTodaysConfigurationThanWhereGenerationsAre) {
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    ASSERT_EQ(switch_to({"1"}).status, kDone);
    tree_.file("/etc/cordwainer/config.toml", "bootloader = \"none\"\n[grub]\nwrong = 1\n");
    EXPECT_EQ(switch_to({"2"}).status, kDone);
    EXPECT_EQ(boots(), 2U);
    EXPECT_EQ(run_command(install_command(), {}, common_).status, kFailed);
    tree_.file("/etc/cordwainer/config.toml", "bootloader = \"none\"\n[generations]\nsource = 1\n");
    const Ran ran = switch_to({"1"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("config.toml:3:10"));
}

TEST_F(Switch, TakesTheConfigurationOfTheGenerationWhereNoRecordHasOne) {
    tree_.file("/gnu/store/s1/etc/cordwainer/config.toml", "bootloader = \"lost\"\n");
    const Ran ran = switch_to({"1"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error,
                HasSubstr("system-1-link/etc/cordwainer/config.toml:1:14: \"bootloader\" must be"));
    EXPECT_EQ(current(), "system-2-link");
}

TEST_F(Switch, ARecordOfAnotherGenerationOfThatNumberIsNotUsed) {
    Record record = old_record();
    record.identity = "/gnu/store/before";
    ASSERT_TRUE(write_record(common_.state, record));
    const Ran ran = switch_to({"1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.complaints, HasSubstr("that of an earlier generation of this number"));
    EXPECT_EQ(current(), "system-1-link");
}

TEST_F(Switch, InstallsWhatWasRecordedWhereItCannotBePlanned) {
    ASSERT_TRUE(write_record(common_.state, old_record()));
    const Ran ran = switch_to({"1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.complaints, HasSubstr("switch 1 installs what was recorded"));
    EXPECT_EQ(current(), "system-1-link");
    EXPECT_EQ(boots(), 1U);
}

// A configuration that says itself what boots by default.
TEST_F(Switch, TellsWhereAnotherGenerationBootsByDefault) {
    Record record = old_record();
    record.plan.other_default = OtherDefault{.generation = 2};
    ASSERT_TRUE(write_record(common_.state, record));
    const Ran ran = switch_to({"1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.complaints,
                HasSubstr("generation 1 does not boot by default: the configuration that is used "
                          "makes generation 2 the default"));
    const auto installed = read_installed(common_.state);
    ASSERT_TRUE(installed && *installed);
    EXPECT_EQ(boots(), 1U) << "whose record has the plan";
    ASSERT_TRUE(default_of(**installed));
    EXPECT_EQ(default_of(**installed)->number, 2U);
}

TEST_F(Switch, NamesAllThatIsMissingOfWhatWasRecorded) {
    Record record = old_record();
    record.objects = {{.digest = sha256("lost"), .size = 4}};
    record.plan.references = {{.path = "/k", .digest = sha256("another kernel"), .size = 1},
                              {.path = "/gnu/store/gone", .digest = sha256(""), .size = 0}};
    ASSERT_TRUE(write_record(common_.state, record));
    const Ran ran = switch_to({"1"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("\"bootloader\" must be one of"));
    EXPECT_THAT(ran.error, HasSubstr("an object cannot be read"));
    EXPECT_THAT(ran.error, HasSubstr("/k is not what it was"));
    EXPECT_THAT(ran.error, HasSubstr("/gnu/store/gone is missing"));
    EXPECT_EQ(current(), "system-2-link");
    EXPECT_EQ(boots(), std::nullopt);
}

TEST_F(Switch, RefusesToReplayBootCodeOnADiskThatIsNamedByItsDevice) {
    Record record = old_record();
    record.plan.targets = {
        {.id = {"disk"},
         .spec = {.tag = "disk",
                  .type = TargetType::block,
                  .path = {},
                  .block = {.kind = BlockId::Kind::device_path, .value = tree_.outside("/no-disk")},
                  .location = {}},
         .uuid = std::nullopt,
         .own = std::nullopt}};
    ASSERT_TRUE(write_record(common_.state, record));
    const Ran ran = switch_to({"1"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("target disk"));
    EXPECT_THAT(ran.error, HasSubstr("nothing was changed"));
    EXPECT_EQ(current(), "system-2-link");
}

}  // namespace
}  // namespace cordwainer::cli
