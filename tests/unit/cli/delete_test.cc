#include "cli/delete.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apply/record.h"
#include "cli/gc.h"
#include "cli/install.h"
#include "cli/pin.h"
#include "cli/switch.h"
#include "host/record_files.h"
#include "tests/support/run_command.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::Ran;
using test::run_command;
using test::SystemTree;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kProfile = "/var/guix/profiles/system-";

// A system with four generations, of which the last is the current one, and without a bootloader:
// what a deletion does to a machine that boots is tested in virtual ones.
class Delete : public testing::Test {
  protected:
    Delete() {
        tree_.file("/k", "kernel");
        tree_.file("/etc/cordwainer/config.toml", "bootloader = \"none\"\n");
        common_.root = tree_.outside("");
        common_.state = common_.root + "/var/lib/cordwainer";
        common_.config = common_.root + "/etc/cordwainer/config.toml";
        for (const int number : {1, 2, 3, 4}) add(number, "s" + std::to_string(number));
        EXPECT_EQ(run_command(install_command(), {}, common_).status, kDone);
    }

    void add(int number, const std::string& item) const {
        const std::string name = std::to_string(number);
        tree_.file("/gnu/store/" + item + "/parameters",
                   "(boot-parameters (version 1) (label \"guix\") (root-device \"r\") (kernel "
                   "\"/k\"))");
        tree_.link(kProfile + name + "-link", "/gnu/store/" + item);
        tree_.link("/var/guix/profiles/system", "system-" + name + "-link");
    }

    [[nodiscard]] Ran run(const std::vector<std::string>& arguments) const {
        return run_command(delete_command(), arguments, common_);
    }

    [[nodiscard]] Ran gc(const std::vector<std::string>& arguments = {}) const {
        return run_command(gc_command(), arguments, common_);
    }

    [[nodiscard]] bool exists(const std::string& path) const {
        return std::filesystem::exists(std::filesystem::symlink_status(tree_.outside(path)));
    }

    // The numbers that the profile has.
    [[nodiscard]] std::string left() const {
        std::string text;
        for (int number = 1; number < 10; ++number) {
            if (exists(kProfile + std::to_string(number) + "-link")) text += std::to_string(number);
        }
        return text;
    }

    // Numbers of the menu that the last run made.
    [[nodiscard]] std::string installed() const {
        std::string text;
        const auto installed = read_installed(common_.state);
        if (!installed || !*installed) return "none";
        for (const GenerationId& id : (*installed)->generations) text += std::to_string(id.number);
        return text;
    }

    SystemTree tree_;
    Common common_;
};

TEST_F(Delete, TakesAwayTheNamedOnes) {
    const Ran ran = run({"1", "3", "1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.output, HasSubstr("deleted: 1, 3\n"));
    EXPECT_EQ(left(), "24");
    EXPECT_EQ(installed(), "24");
}

TEST_F(Delete, RefusesWhatBootsRunsOrIsPinnedAndThenDeletesNothing) {
    ASSERT_EQ(run_command(pin_command(), {"2"}, common_).status, kDone);
    tree_.file("/proc/cmdline", "gnu.system=/gnu/store/s3 quiet\n");
    ASSERT_EQ(run_command(switch_command(), {"1", "--boot-only"}, common_).status, kDone);
    add(5, "s5");
    tree_.link("/var/guix/profiles/system", "system-4-link");
    const Ran ran = run({"1", "2", "3", "4", "5"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("generation 1 is not deleted: it boots by default"));
    EXPECT_THAT(ran.error, HasSubstr("generation 2 is not deleted: it is pinned"));
    EXPECT_THAT(ran.error, HasSubstr("generation 3 is not deleted: it is the one that runs"));
    EXPECT_THAT(ran.error, HasSubstr("generation 4 is not deleted: it is the system's current"));
    EXPECT_THAT(ran.error, Not(HasSubstr("generation 5")));
    EXPECT_EQ(left(), "12345");
}

// It would boot something else from then on.
TEST_F(Delete, RefusesTheDefaultOfTheConfiguration) {
    auto installed = read_installed(common_.state);
    ASSERT_TRUE(installed && *installed);
    (*installed)->other_default =
        OtherDefault{.generation = (*installed)->generations.at(1).number};
    ASSERT_TRUE(write_installed(common_.state, **installed));
    tree_.link("/var/guix/profiles/system", "system-3-link");
    const Ran ran = run({"1", "2", "3", "4"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("generation 2 is not deleted: it boots by default"));
    EXPECT_THAT(ran.error, HasSubstr("generation 3 is not deleted: it is the system's current"));
    EXPECT_THAT(ran.error, HasSubstr("generation 4 is not deleted: the menu was made with it"));
    EXPECT_THAT(ran.error, Not(HasSubstr("generation 1")));
    EXPECT_EQ(left(), "1234");
}

TEST_F(Delete, SkipsThemWhereARuleNamesThem) {
    ASSERT_EQ(run_command(pin_command(), {"2"}, common_).status, kDone);
    tree_.file("/proc/cmdline", "gnu.system=/gnu/store/s3 quiet\n");
    const Ran ran = run({"--keep", "0"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.complaints, HasSubstr("generation 2 stays: it is pinned"));
    EXPECT_THAT(ran.complaints, HasSubstr("generation 3 stays: it is the one that runs"));
    EXPECT_THAT(ran.complaints, HasSubstr("generation 4 stays: it boots by default"));
    EXPECT_EQ(left(), "234");
}

TEST_F(Delete, KeepsTheNewest) {
    ASSERT_EQ(run({"--keep", "3"}).status, kDone);
    EXPECT_EQ(left(), "234");
    const Ran again = run({"--keep", "3"});
    EXPECT_EQ(again.status, kDone);
    EXPECT_THAT(again.output, HasSubstr("no generation is deleted"));
}

TEST_F(Delete, TakesThoseOfAnAge) {
    tree_.touch(std::string(kProfile) + "2-link", 1'000'000'000);
    tree_.touch(std::string(kProfile) + "4-link", 1'000'000'000);
    EXPECT_EQ(run({"--older-than", "30"}).status, kDone);
    EXPECT_EQ(left(), "134");
}

TEST_F(Delete, SaysOnlyWhatItWouldDo) {
    const Ran ran = run({"--keep", "1", "--dry-run"});
    EXPECT_EQ(ran.output, "would delete: 1, 2, 3\n");
    EXPECT_EQ(left(), "1234");
    EXPECT_EQ(installed(), "1234");
}

TEST_F(Delete, OfOneThatIsNotThereIsRefused) {
    const Ran ran = run({"7"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("there is none of these generations"));
}

TEST_F(Delete, NeedsAnInstallation) {
    std::filesystem::remove(tree_.outside("/var/lib/cordwainer/installed.json"));
    const Ran ran = run({"1"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("run `cordwainer install` first"));
    EXPECT_EQ(left(), "1234");
}

TEST_F(Delete, TakesTheRecordAndItsObjects) {
    ASSERT_EQ(run_command(switch_command(), {"1"}, common_).status, kDone);
    ASSERT_EQ(run_command(switch_command(), {"4"}, common_).status, kDone);
    auto record = *read_record(common_.state, 1);
    ASSERT_TRUE(record);
    const std::string object(64, 'a');
    record->objects = {{.digest = *Digest::from_hex(object), .size = 3}};
    ASSERT_TRUE(write_record(common_.state, *record));
    tree_.file("/var/lib/cordwainer/objects/" + object, "abc");
    EXPECT_THAT(gc().output, HasSubstr("nothing to remove"));

    const Ran ran = run({"1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.output, HasSubstr("records: 1, objects: 1"));
    EXPECT_FALSE(exists("/var/lib/cordwainer/objects/" + object));
    EXPECT_FALSE(exists("/var/lib/cordwainer/records/1.json"));
    EXPECT_TRUE(exists("/var/lib/cordwainer/records/4.json"));
}

TEST_F(Delete, CompletesWhatACutLeft) {
    ASSERT_EQ(run_command(switch_command(), {"1"}, common_).status, kDone);
    ASSERT_EQ(run_command(switch_command(), {"4"}, common_).status, kDone);
    // The link is gone, the record is not.
    std::filesystem::remove(tree_.outside(std::string(kProfile) + "1-link"));
    const Ran ran = run({"1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_FALSE(exists("/var/lib/cordwainer/records/1.json"));
    EXPECT_EQ(run({"1"}).status, kFailed);
}

TEST_F(Delete, LeavesTheDefaultThatIsInstalled) {
    ASSERT_EQ(run_command(switch_command(), {"2", "--boot-only"}, common_).status, kDone);
    ASSERT_EQ(run({"1"}).status, kDone);
    const auto installed = read_installed(common_.state);
    ASSERT_TRUE(installed && *installed && (*installed)->boots);
    EXPECT_EQ((*installed)->boots->number, 2U);
    EXPECT_TRUE((*installed)->kept);
}

TEST_F(Delete, LeavesWhatWasNeverInstalledForTheNextInstallation) {
    add(5, "s5");
    const Ran ran = run({"1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_EQ(left(), "2345");
    EXPECT_EQ(installed(), "234");
    EXPECT_EQ((*read_installed(common_.state))->boots->number, 4U);
    EXPECT_EQ(run_command(install_command(), {}, common_).status, kDone);
    EXPECT_EQ(installed(), "2345");
}

TEST_F(Delete, TakesOneThatWasNeverInstalled) {
    add(5, "s5");
    tree_.link("/var/guix/profiles/system", "system-4-link");
    const Ran ran = run({"5"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_EQ(left(), "1234");
    EXPECT_EQ(installed(), "1234");
}

TEST_F(Delete, OfAMenuWhoseDefaultIsGoneHasAllOthers) {
    // The number is used again.
    add(4, "another s4");
    const Ran ran = run({"1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_EQ(installed(), "234");
    const auto boots = (*read_installed(common_.state))->boots;
    ASSERT_TRUE(boots);
    EXPECT_NE(boots->identity.find("another s4"), std::string::npos) << boots->identity;
}

TEST_F(Delete, UsesTheConfigurationThatIsInstalled) {
    tree_.file("/etc/cordwainer/config.toml",
               "bootloader = \"grub\"\n[grub]\nfiles = \"/nowhere\"\n");
    const Ran ran = run({"1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_EQ((*read_installed(common_.state))->bootloader, "none");
}

TEST_F(Delete, RemovesNothingWhereTheMenuCannotBeMadeWithoutThem) {
    std::filesystem::remove_all(tree_.outside("/var/lib/cordwainer/records"));
    tree_.file("/etc/cordwainer/config.toml",
               "bootloader = \"systemd-boot\"\n[systemd-boot]\nesp = [\"/efi\"]\n");
    const Ran ran = run({"1"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_EQ(left(), "1234");
}

TEST_F(Delete, IsToldAsJson) {
    common_.json = true;
    const auto json = nlohmann::json::parse(run({"--keep", "0"}).output);
    EXPECT_EQ(json["format"], "cordwainer-delete/1");
    EXPECT_EQ(json["deleted"], (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(json["skipped"][0]["generation"], 4);
    EXPECT_EQ(json["dry_run"], false);
}

using Gc = Delete;

TEST_F(Gc, TakesWhatNothingNeeds) {
    const std::string state = "/var/lib/cordwainer/";
    const std::string object(64, 'b');
    tree_.file(state + "objects/" + object, "object");
    tree_.file(state + "objects/" + object + ".Xa3dEf", "half");
    tree_.file(state + "recipes/" + std::string(64, 'c'), object + " 6\n");
    tree_.file(state + "installed.json.aB3dEf", "half");
    tree_.file(state + "generations/.old-9/k", "kernel");
    tree_.file(state + "other", "somebody's");
    const Ran dry = gc({"--dry-run"});
    EXPECT_EQ(dry.status, kDone) << dry.error;
    EXPECT_EQ(dry.output,
              "would be removed from the state directory: notes of recipes: 1, objects: 1, "
              "leftovers of runs that were cut off: 3 (87 B)\n");
    EXPECT_TRUE(exists(state + "objects/" + object));
    EXPECT_EQ(gc().status, kDone);
    for (const std::string& gone : {"objects/" + object,
                                    "objects/" + object + ".Xa3dEf",
                                    "recipes/" + std::string(64, 'c'),
                                    std::string("installed.json.aB3dEf"),
                                    std::string("generations/.old-9")}) {
        EXPECT_FALSE(exists(state + gone)) << gone;
    }
    EXPECT_TRUE(exists(state + "other"));
    EXPECT_TRUE(exists(state + "installed.json"));
    EXPECT_EQ(gc().output, "nothing to remove\n");
}

TEST_F(Gc, TakesTheRecordOfANumberThatWasUsedAgain) {
    ASSERT_EQ(run_command(switch_command(), {"1"}, common_).status, kDone);
    ASSERT_EQ(run_command(switch_command(), {"4"}, common_).status, kDone);
    ASSERT_EQ(run_command(pin_command(), {"1"}, common_).status, kDone);
    EXPECT_EQ(gc().output, "nothing to remove\n");
    tree_.file(
        "/gnu/store/other/parameters",
        "(boot-parameters (version 1) (label \"guix\") (root-device \"r\") (kernel \"/k\"))");
    tree_.link(std::string(kProfile) + "1-link", "/gnu/store/other");
    EXPECT_THAT(gc().output, HasSubstr("lists of pins: 1, records: 1"));
    EXPECT_FALSE(exists("/var/lib/cordwainer/records/1.json"));
}

TEST_F(Gc, LeavesTheRecordOfAGenerationThatCannotBeReadNow) {
    ASSERT_EQ(run_command(switch_command(), {"1"}, common_).status, kDone);
    ASSERT_EQ(run_command(switch_command(), {"4"}, common_).status, kDone);
    tree_.file("/gnu/store/s1/parameters", "(damaged");
    EXPECT_EQ(gc().output, "nothing to remove\n");
    EXPECT_TRUE(exists("/var/lib/cordwainer/records/1.json"));
}

TEST_F(Gc, IsToldAsJson) {
    tree_.file("/var/lib/cordwainer/objects/" + std::string(64, 'b'), "object");
    common_.json = true;
    const auto json = nlohmann::json::parse(gc().output);
    EXPECT_EQ(json["format"], "cordwainer-gc/1");
    EXPECT_EQ(json["bytes"], 6);
    EXPECT_EQ(json["removed"][0]["kind"], "object");
}

}  // namespace
}  // namespace cordwainer::cli
