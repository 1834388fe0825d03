#include "sys/interrupt.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer {
namespace {

// Each runs in a child of its own, as handlers and the flag belong to the whole process.

[[noreturn]] void exit_with(bool good) {
    ::_exit(good ? 7 : 8);
}

TEST(Interrupt, NobodyAsksBeforeASignalComes) {
    EXPECT_FALSE(stop_requested());
    EXPECT_EQ(stop_descriptor(), -1);
    EXPECT_EXIT(
        {
            stop_on_signals();
            exit_with(!stop_requested() && stop_descriptor() >= 0);
        },
        testing::ExitedWithCode(7),
        "");
}

TEST(Interrupt, StopsReadingAFile) {
    EXPECT_EXIT(
        {
            stop_on_signals();
            if (!digest_file("/dev/null")) exit_with(false);
            std::raise(SIGTERM);
            const auto digest = digest_file("/dev/null");
            exit_with(stop_requested() && !digest &&
                      digest.error().message() == "stopped by a signal");
        },
        testing::ExitedWithCode(7),
        "");
}

TEST(Interrupt, StopsAProgramAndLeavesNothingOfIt) {
    const auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
    ASSERT_TRUE(directory);
    const std::string late = directory->path() / "late";
    EXPECT_EXIT(
        {
            stop_on_signals();
            std::thread([] {
                std::this_thread::sleep_for(std::chrono::milliseconds(200));
                ::kill(::getpid(), SIGINT);
            }).detach();
            const auto done = spawn({.arguments = {"sh", "-c", "sleep 2; : > " + late}});
            exit_with(!done && done.error().message() == "stopped by a signal");
        },
        testing::ExitedWithCode(7),
        "");
    std::this_thread::sleep_for(std::chrono::milliseconds(2200));
    EXPECT_FALSE(std::filesystem::exists(late));
}

TEST(Interrupt, EndsAnInteractiveProgramPolitely) {
    EXPECT_EXIT(
        {
            stop_on_signals();
            std::thread([] {
                std::this_thread::sleep_for(std::chrono::milliseconds(200));
                ::kill(::getpid(), SIGTERM);
            }).detach();
            const auto done = spawn({.arguments = {"sh",
                                                   "-c",
                                                   "trap 'echo polite >&2; exit 0' TERM; "
                                                   "while :; do sleep 0.05; done"},
                                     .interactive = true});
            exit_with(!done && done.error().message() == "stopped by a signal");
        },
        testing::ExitedWithCode(7),
        "polite");
}

TEST(Interrupt, ASecondSignalKills) {
    EXPECT_EXIT(
        {
            stop_on_signals();
            std::raise(SIGTERM);
            std::raise(SIGTERM);
            exit_with(false);
        },
        testing::KilledBySignal(SIGTERM),
        "");
}

TEST(Interrupt, AnIgnoredSignalStaysIgnored) {
    EXPECT_EXIT(
        {
            std::signal(SIGHUP, SIG_IGN);
            stop_on_signals();
            std::raise(SIGHUP);
            exit_with(!stop_requested());
        },
        testing::ExitedWithCode(7),
        "");
}

}  // namespace
}  // namespace cordwainer
