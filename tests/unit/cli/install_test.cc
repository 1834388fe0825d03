#include "cli/install.h"

#include <array>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/run_lock.h"
#include "tests/support/run_command.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::Ran;
using test::run_command;
using test::SystemTree;
using ::testing::HasSubstr;

class Install : public testing::Test {
  protected:
    Install() {
        tree_.directory("/system/etc/cordwainer");
        common_.root = tree_.outside("/system");
        common_.state = common_.root + "/var/lib/cordwainer";
        common_.config = common_.root + "/etc/cordwainer/config.toml";
    }

    [[nodiscard]] Ran install(const std::vector<std::string>& arguments = {}) const {
        return run_command(install_command(), arguments, common_);
    }

    SystemTree tree_;
    Common common_;
};

TEST_F(Install, NeedsAConfiguration) {
    const Ran ran = install();
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("there is no configuration " + common_.config));
}

TEST_F(Install, OfNoBootloaderSaysSo) {
    tree_.file("/system/etc/cordwainer/config.toml", "bootloader = \"none\"\n");
    const Ran ran = install();
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.output, HasSubstr("the bootloader is \"none\""));
}

TEST_F(Install, OfAGenerationThatIsNotThereIsRefused) {
    tree_.file("/system/etc/cordwainer/config.toml", "bootloader = \"none\"\n");
    const Ran ran = install({"7"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("there is no generation 7"));
}

TEST_F(Install, ForgetsOnlyWhatItKnows) {
    tree_.file("/system/etc/cordwainer/config.toml", "bootloader = \"none\"\n");
    const Ran ran = install({"--forget", "/boot/efi"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("/boot/efi is no target of an earlier installation"));
}

TEST_F(Install, DoesNotWaitWhereItMayNot) {
    tree_.file("/system/etc/cordwainer/config.toml", "bootloader = \"none\"\n");
    std::array<int, 2> ready{};
    std::array<int, 2> end{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    ASSERT_EQ(::pipe(end.data()), 0);
    const pid_t other = ::fork();
    if (other == 0) {
        ::close(end[1]);
        const auto lock = RunLock::take(common_.state, [](const std::string&) { return false; });
        char byte = lock ? 'y' : 'n';
        (void)!::write(ready[1], &byte, 1);
        (void)!::read(end[0], &byte, 1);
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ASSERT_EQ(byte, 'y');
    const Ran ran = install({"--no-wait"});
    for (const int fd : {ready[0], ready[1], end[0], end[1]}) ::close(fd);
    ::waitpid(other, nullptr, 0);
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("process " + std::to_string(other)));
    EXPECT_EQ(install({"--no-wait"}).status, kDone);
}

}  // namespace
}  // namespace cordwainer::cli
