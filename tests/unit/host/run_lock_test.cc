#include "host/run_lock.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/file_io.h"
#include "sys/interrupt.h"

namespace cordwainer {
namespace {

// Another process that takes the lock of `state` and holds it until `release` or its end.
class Holder {
  public:
    explicit Holder(const std::filesystem::path& state) {
        std::array<int, 2> ready{};
        std::array<int, 2> go{};
        EXPECT_EQ(::pipe(ready.data()), 0);
        EXPECT_EQ(::pipe(go.data()), 0);
        process_ = ::fork();
        if (process_ == 0) {
            ::close(go[1]);
            const auto lock = RunLock::take(state, [](const std::string&) { return false; });
            const char answer = lock ? 'y' : 'n';
            char byte = 0;
            if (::write(ready[1], &answer, 1) == 1 && ::read(go[0], &byte, 1) >= 0) ::_exit(0);
            ::_exit(1);
        }
        ::close(go[0]);
        ::close(ready[1]);
        go_ = go[1];
        char answer = 0;
        EXPECT_EQ(::read(ready[0], &answer, 1), 1);
        EXPECT_EQ(answer, 'y');
        ::close(ready[0]);
    }

    ~Holder() { release(); }

    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    Holder(Holder&&) = delete;
    Holder& operator=(Holder&&) = delete;

    void release() {
        if (go_ < 0) return;
        ::close(go_);
        go_ = -1;
        ::waitpid(process_, nullptr, 0);
    }

    [[nodiscard]] pid_t process() const { return process_; }

  private:
    pid_t process_ = -1;
    int go_ = -1;
};

class RunLockTest : public testing::Test {
  protected:
    RunLockTest() {
        auto made = TemporaryDirectory::make({}, "cordwainer-test-");
        directory_.emplace(std::move(*made));
    }

    [[nodiscard]] std::filesystem::path state() const { return directory_->path() / "lib/state"; }

    std::optional<TemporaryDirectory> directory_;
};

TEST_F(RunLockTest, IsTakenWithoutWriting) {
    const auto lock = RunLock::take(state(), [](const std::string&) { return false; });
    ASSERT_TRUE(lock) << lock.error().message();
    EXPECT_EQ(std::filesystem::file_size(state() / "lock"), 0U);
}

// As a root that the kernel has made read-only after an error.
TEST_F(RunLockTest, ReadOnlyFileSystemSaysWhatToDo) {
    const std::string place = std::filesystem::canonical(directory_->path()).string();
    if (::mount("tmpfs", place.c_str(), "tmpfs", MS_RDONLY, nullptr) != 0) {
        GTEST_SKIP() << "mounting needs root";
    }
    const auto refused = RunLock::take(state(), [](const std::string&) { return false; });
    std::string again;
    if (::mount(nullptr, place.c_str(), nullptr, MS_REMOUNT, nullptr) == 0) {
        std::filesystem::create_directories(state());
        ::mount(nullptr, place.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
        const auto lock = RunLock::take(state(), [](const std::string&) { return false; });
        if (!lock) again = lock.error().message();
    }
    ::umount2(place.c_str(), MNT_DETACH);
    const std::string remedy =
        "Read-only file system: nothing can be installed before that is "
        "writable: `mount -o remount,rw " +
        place + "`";
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), testing::HasSubstr(remedy));
    EXPECT_THAT(again, testing::HasSubstr("/lock: " + remedy));
}

TEST_F(RunLockTest, SaysWhoHoldsIt) {
    const Holder holder(state());
    std::string who;
    const auto lock = RunLock::take(state(), [&](const std::string& text) {
        who = text;
        return false;
    });
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().code, Errc::refused);
    EXPECT_THAT(who, testing::EndsWith(", process " + std::to_string(holder.process())));
    EXPECT_THAT(lock.error().message(), testing::HasSubstr(who));
}

TEST_F(RunLockTest, TellsTheHolderWithoutTakingIt) {
    EXPECT_EQ(*RunLock::holder(state()), std::nullopt);
    EXPECT_FALSE(std::filesystem::exists(state()));
    Holder holder(state());
    EXPECT_THAT(RunLock::holder(state())->value_or(""),
                testing::EndsWith(", process " + std::to_string(holder.process())));
    holder.release();
    EXPECT_EQ(*RunLock::holder(state()), std::nullopt);
}

TEST_F(RunLockTest, WaitsWhereItIsWorthIt) {
    Holder holder(state());
    const auto lock = RunLock::take(state(), [&](const std::string&) {
        holder.release();
        return true;
    });
    EXPECT_TRUE(lock);
}

TEST_F(RunLockTest, ASignalEndsTheWait) {
    const Holder holder(state());
    const pid_t waiting = ::fork();
    if (waiting == 0) {
        stop_on_signals();
        ::alarm(10);  // kills one that waits on
        const auto lock =
            RunLock::take(state(), [](const std::string&) { return ::raise(SIGTERM) == 0; });
        ::_exit(!lock && lock.error().sys_errno == EINTR ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(waiting, &status, 0), waiting);
    EXPECT_EQ(status, 0);
}

TEST_F(RunLockTest, GoesWithItsProcess) {
    const Holder holder(state());
    ::kill(holder.process(), SIGKILL);
    const auto lock = RunLock::take(state(), [](const std::string&) { return true; });
    EXPECT_TRUE(lock);
}

}  // namespace
}  // namespace cordwainer
