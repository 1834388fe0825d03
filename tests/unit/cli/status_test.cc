// Of a machine without a bootloader; what is on targets is tested in virtual ones.
#include "cli/status.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/install.h"
#include "tests/support/run_command.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::run_command;
using test::SystemTree;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Status : public testing::Test {
  protected:
    Status() {
        tree_.file("/k", "kernel");
        tree_.file("/etc/cordwainer/config.toml", "bootloader = \"none\"\n");
        common_.root = tree_.outside("");
        common_.state = common_.root + "/var/lib/cordwainer";
        common_.config = common_.root + "/etc/cordwainer/config.toml";
        add_generation("1");
    }

    void add_generation(const std::string& number) const {
        tree_.file("/gnu/store/s" + number + "/parameters",
                   "(boot-parameters (version 1) (label \"guix\") (root-device \"r\") (kernel "
                   "\"/k\"))");
        tree_.link("/var/guix/profiles/system-" + number + "-link", "/gnu/store/s" + number);
        tree_.link("/var/guix/profiles/system", "system-" + number + "-link");
    }

    [[nodiscard]] test::Ran status() const { return run_command(status_command(), {}, common_); }

    SystemTree tree_;
    Common common_;
};

TEST_F(Status, BeforeAnythingWasInstalled) {
    const auto ran = status();
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("nothing was installed here"));
    EXPECT_FALSE(std::filesystem::exists(common_.state));
}

TEST_F(Status, SaysWhatBootsNextAndWhatIsNewerThanThat) {
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    EXPECT_EQ(status().status, kDone);
    EXPECT_THAT(
        status().output,
        AllOf(HasSubstr("Boots next: what the bootloader says that somebody else installed"),
              HasSubstr("generation 1 was recorded")));
    add_generation("2");
    common_.json = true;
    const auto json = nlohmann::json::parse(status().output);
    EXPECT_EQ(json["next"]["generation"], 1);
    EXPECT_EQ(json["next"]["behind"], true);
    EXPECT_EQ(json["running"], nullptr);
}

TEST_F(Status, MissesTheRecord) {
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    std::filesystem::remove(common_.state + "/records/1.json");
    EXPECT_EQ(status().status, kPartial);
    EXPECT_THAT(status().output, HasSubstr("The record of generation 1"));
}

TEST_F(Status, TellsDamagedPins) {
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    tree_.file("/var/lib/cordwainer/pins.json", "{}");
    EXPECT_EQ(status().status, kPartial);
    EXPECT_THAT(status().output,
                AllOf(HasSubstr("pins.json"), HasSubstr("`cordwainer pin` what is to be kept")));
}

TEST_F(Status, OfADamagedStateSaysWhatToDo) {
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    tree_.file("/var/lib/cordwainer/installed.json", "garbage");
    EXPECT_EQ(status().status, kFailed);
    EXPECT_THAT(status().error, HasSubstr("`rm " + common_.state + "/installed.json`"));
    std::filesystem::remove(common_.state + "/installed.json");
    EXPECT_EQ(run_command(install_command(), {}, common_).status, kDone);
    EXPECT_EQ(status().status, kDone);
}

TEST_F(Status, SaysWhatItCouldNotSee) {
    ASSERT_EQ(run_command(install_command(), {}, common_).status, kDone);
    tree_.file("/etc/cordwainer/config.toml", "bootloader = 3\n");
    EXPECT_EQ(status().status, kFailed);
    EXPECT_THAT(status().output,
                AllOf(HasSubstr("Could not be looked at: the configuration: "),
                      Not(HasSubstr("root sees the rest"))));
}

}  // namespace
}  // namespace cordwainer::cli
