// Freezing a real file system, an ext4 in a file of its own, and thawing it on every way out.
#include "sys/freeze.h"

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class FreezeTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto made = TemporaryDirectory::make({}, "freeze-test-");
        ASSERT_TRUE(made);
        scratch_ = std::make_unique<TemporaryDirectory>(std::move(*made));
        mount_ = scratch_->path() / "mount";
        fs::create_directory(mount_);
        if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
        const std::string image = scratch_->path() / "ext4.img";
        ASSERT_TRUE(spawn({.arguments = {"mke2fs", "-q", "-t", "ext4", image, "16M"}}));
        const auto mounted = spawn({.arguments = {"mount", "-o", "loop", image, mount_.string()}});
        if (!mounted) GTEST_SKIP() << mounted.error().message();
        mounted_ = true;
        auto opened = open_file(mount_, O_RDONLY | O_DIRECTORY);
        ASSERT_TRUE(opened);
        directory_ = std::move(*opened);
    }

    void TearDown() override {
        directory_ = Fd();
        if (!mounted_) return;
        EXPECT_TRUE(spawn({.arguments = {"umount", mount_.string()}}));
    }

    // A process that freezes, and never comes to thaw.
    [[nodiscard]] pid_t freeze_and(void (*work)(), std::chrono::milliseconds limit) const {
        const pid_t child = ::fork();
        if (child == 0) {
            const auto result = while_frozen(directory_, "the mount", work, limit);
            ::_exit(result ? 0 : 1);
        }
        return child;
    }

    // How long a write waits.
    [[nodiscard]] Clock::duration time_of_a_write() const {
        const auto start = Clock::now();
        EXPECT_TRUE(write_durably(mount_ / "file", as_bytes("bytes")));
        return Clock::now() - start;
    }

    std::unique_ptr<TemporaryDirectory> scratch_;
    fs::path mount_;
    bool mounted_ = false;
    Fd directory_;
};

TEST_F(FreezeTest, ThawsAgain) {
    ASSERT_TRUE(write_durably(mount_ / "file", as_bytes("before")));
    for (int i = 0; i < 3; ++i) {
        const auto result = while_frozen(directory_, "the mount");
        ASSERT_TRUE(result) << result.error().message();
        EXPECT_LT(time_of_a_write(), 5s);
    }
    sigset_t blocked;
    ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &blocked), 0);
    EXPECT_FALSE(::sigismember(&blocked, SIGTERM)) << "signals are as before";
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no process is left";
}

TEST_F(FreezeTest, ThawsWhenItIsKilled) {
    const pid_t child = freeze_and([] { ::raise(SIGKILL); }, 60s);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_LT(time_of_a_write(), 20s);
}

TEST_F(FreezeTest, ThawsWhenItHangs) {
    const pid_t child = freeze_and([] { std::this_thread::sleep_for(60s); }, 300ms);
    std::this_thread::sleep_for(100ms);  // it is frozen now, or will be
    EXPECT_LT(time_of_a_write(), 20s);
    ASSERT_EQ(::kill(child, SIGKILL), 0) << "it still hangs";
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(FreezeTest, SignalsWaitUntilItIsThawed) {
    const pid_t child = freeze_and(
        [] {
            ::raise(SIGTERM);
            std::this_thread::sleep_for(100ms);
        },
        60s);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    EXPECT_LT(time_of_a_write(), 20s);
}

TEST_F(FreezeTest, RefusesWhatAnotherHasFrozenAndLeavesItSo) {
    ASSERT_TRUE(spawn({.arguments = {"fsfreeze", "--freeze", mount_.string()}}));
    const auto result = while_frozen(directory_, "the mount");
    const auto thawed = spawn({.arguments = {"fsfreeze", "--unfreeze", mount_.string()}});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::refused);
    EXPECT_TRUE(thawed) << "it was thawed, and is not ours";
}

TEST(Freeze, WhatCannotBeFrozenIsAnError) {
    const auto directory = open_file("/proc", O_RDONLY | O_DIRECTORY);
    ASSERT_TRUE(directory);
    EXPECT_FALSE(while_frozen(*directory, "/proc"));
}

}  // namespace
}  // namespace cordwainer
