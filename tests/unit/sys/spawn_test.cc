#include "sys/spawn.h"

#include <chrono>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <thread>
#include <unistd.h>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

using ::testing::HasSubstr;

SpawnRequest shell(const std::string& script) {
    return {.arguments = {"sh", "-c", script}};
}

TEST(Spawn, ReturnsStandardOutputAndErrors) {
    const auto done = spawn(shell("echo out; echo err >&2"));
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->output, "out\n");
    EXPECT_EQ(done->errors, "err\n");
}

TEST(Spawn, PassesArgumentsUnchanged) {
    const auto done = spawn({.arguments = {"printf", "%s|", "a b", "", "$(id)", "\n\"'"}});
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->output, "a b||$(id)|\n\"'|");
}

TEST(Spawn, MissingProgramIsNotFoundByName) {
    const auto done = spawn({.arguments = {"cordwainer-no-such-program"}});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::not_found);
    EXPECT_THAT(done.error().message(), HasSubstr("cordwainer-no-such-program"));

    const auto path = spawn({.arguments = {"/nonexistent/tool"}});
    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().code, Errc::not_found);
    EXPECT_THAT(path.error().message(), HasSubstr("/nonexistent/tool"));
}

TEST(Spawn, ExitStatusIsToolFailedWithTheEndOfErrors) {
    const auto done =
        spawn(shell("echo first >&2; head -c 100000 /dev/zero | tr '\\0' x >&2; "
                    "echo; echo last words >&2; exit 3"));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::tool_failed);
    EXPECT_THAT(done.error().message(), HasSubstr("sh failed with status 3"));
    EXPECT_THAT(done.error().message(), HasSubstr("last words"));
    EXPECT_LT(done.error().message().size(), 5000U);
}

TEST(Spawn, SignalIsNamed) {
    const auto done = spawn(shell("kill -ABRT $$"));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::tool_failed);
    EXPECT_THAT(done.error().message(), HasSubstr("SIGABRT"));
}

TEST(Spawn, InputReachesTheProgramAndNoneIsEmpty) {
    const std::string input(1 << 20, 'i');
    SpawnRequest count = shell("wc -c");
    count.input = input;
    const auto done = spawn(count);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->output, "1048576\n");

    const auto none = spawn(shell("wc -c"));
    ASSERT_TRUE(none) << none.error().message();
    EXPECT_EQ(none->output, "0\n");
}

TEST(Spawn, ProgramThatIgnoresItsInputDoesNoHarm) {
    SpawnRequest request = shell("exit 0");
    request.input = std::string(1 << 20, 'i');
    EXPECT_TRUE(spawn(request));
}

TEST(Spawn, EnvironmentIsAddedAndReplaced) {
    ASSERT_EQ(::setenv("CORDWAINER_TEST_KEPT", "kept", 1), 0);
    ASSERT_EQ(::setenv("CORDWAINER_TEST_SET", "old", 1), 0);
    SpawnRequest request = shell(
        "echo $CORDWAINER_TEST_KEPT $CORDWAINER_TEST_SET; "
        "env | grep -c CORDWAINER_TEST_SET");
    request.environment = {{"CORDWAINER_TEST_SET", "new"}};
    const auto done = spawn(request);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->output, "kept new\n1\n");
}

TEST(Spawn, RunsInTheDirectory) {
    const auto directory = TemporaryDirectory::make({}, "spawn-test-");
    ASSERT_TRUE(directory);
    SpawnRequest request = shell("pwd");
    request.directory = directory->path();
    const auto done = spawn(request);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->output, directory->path().string() + "\n");

    request.directory = directory->path() / "missing";
    const auto missing = spawn(request);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().sys_errno, ENOENT);
}

TEST(Spawn, OutputGoesToAFile) {
    const auto directory = TemporaryDirectory::make({}, "spawn-test-");
    ASSERT_TRUE(directory);
    SpawnRequest request = shell("echo to file");
    request.output_file = directory->path() / "out";
    const auto done = spawn(request);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->output, "");
    EXPECT_EQ(read_text_file(request.output_file).value_or(""), "to file\n");
}

TEST(Spawn, ChildHasOnlyThreeDescriptors) {
    // One without O_CLOEXEC, as a library may leave it.
    const int leaked = ::open("/dev/null", O_RDONLY);  // NOLINT(android-cloexec-open)
    ASSERT_GE(leaked, 0);
    const auto done =
        spawn(shell("for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do "
                    "[ -e /proc/$$/fd/$n ] && readlink /proc/$$/fd/$n; done; true"));
    ::close(leaked);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->output, "");
}

TEST(Spawn, SignalsIgnoredByTheCallerAreDefaultInTheChild) {
    const auto old = ::signal(SIGPIPE, SIG_IGN);
    const auto done = spawn(shell("yes | head -n 1"));
    const auto child = spawn({.arguments = {"grep", "SigIgn", "/proc/self/status"}});
    ::signal(SIGPIPE, old);
    ASSERT_TRUE(done) << done.error().message();
    ASSERT_TRUE(child) << child.error().message();
    EXPECT_THAT(child->output, HasSubstr("0000000000000000"));
}

TEST(Spawn, TimeoutKillsTheWholeGroup) {
    const auto directory = TemporaryDirectory::make({}, "spawn-test-");
    ASSERT_TRUE(directory);
    SpawnRequest request = shell("sleep 60 & echo $! > pid; wait");
    request.directory = directory->path();
    request.timeout = std::chrono::milliseconds(300);
    const auto begun = std::chrono::steady_clock::now();
    const auto done = spawn(request);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::tool_failed);
    EXPECT_THAT(done.error().message(), HasSubstr("300 ms"));
    const auto pid = read_text_file(directory->path() / "pid");
    ASSERT_TRUE(pid);
    // A killed grandchild may still be a zombie of the machine's init; it no longer runs.
    const std::string status = "/proc/" + pid->substr(0, pid->size() - 1) + "/cmdline";
    for (int i = 0; i < 100 && read_text_file(status).value_or("") != ""; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(read_text_file(status).value_or(""), "");
}

TEST(Spawn, GrandchildThatKeepsThePipeDoesNotHold) {
    const auto directory = TemporaryDirectory::make({}, "spawn-test-");
    ASSERT_TRUE(directory);
    SpawnRequest request = shell("sleep 30 & echo $! > pid; echo done");
    request.directory = directory->path();
    const auto begun = std::chrono::steady_clock::now();
    const auto done = spawn(request);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->output, "done\n");
    const auto pid = read_text_file(directory->path() / "pid");
    ASSERT_TRUE(pid);
    ::kill(std::atoi(pid->c_str()), SIGKILL);
}

TEST(Spawn, EndlessOutputIsStopped) {
    const auto done = spawn({.arguments = {"yes"}, .timeout = std::chrono::seconds(60)});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::tool_failed);
    EXPECT_THAT(done.error().message(), HasSubstr("64 MiB"));
}

TEST(Spawn, ATextFileWithoutInterpreterIsAnError) {
    const auto directory = TemporaryDirectory::make({}, "spawn-test-");
    ASSERT_TRUE(directory);
    const auto program = directory->path() / "broken";
    ASSERT_TRUE(write_durably(program, as_bytes("#!/nonexistent/interpreter\n")));
    ASSERT_EQ(::chmod(program.c_str(), 0755), 0);
    const auto done = spawn({.arguments = {program.string()}});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().sys_errno, ENOENT);
    EXPECT_THAT(done.error().message(), HasSubstr("broken"));
}

TEST(Spawn, TalksToTheProgramMeanwhile) {
    const auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
    ASSERT_TRUE(directory);
    const std::filesystem::path go = directory->path() / "go";
    SpawnRequest request = shell("while ! [ -e " + go.string() + " ]; do sleep 0.01; done; echo x");
    bool was_running = false;
    request.meanwhile = [&](const std::function<bool()>& running) -> Result<void> {
        was_running = running();
        return write_durably(go, {});
    };
    const auto done = spawn(request);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_TRUE(was_running);
    EXPECT_EQ(done->output, "x\n");
}

TEST(Spawn, AFailedTalkKillsTheProgram) {
    const auto start = std::chrono::steady_clock::now();
    SpawnRequest request = shell("sleep 20");
    request.meanwhile = [](const auto&) -> Result<void> { return Error(Errc::io, "no answer"); };
    const auto done = spawn(request);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message(), "no answer");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(Spawn, TheProgramsOwnFailureSaysMoreThanAFailedTalk) {
    SpawnRequest request = shell("echo bad option >&2; exit 1");
    request.meanwhile = [](const std::function<bool()>& running) -> Result<void> {
        while (running()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return Error(Errc::io, "no answer");
    };
    const auto done = spawn(request);
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message(), HasSubstr("bad option"));
}

TEST(FindProgram, LooksInPathOnly) {
    const auto found = find_program("sh");
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->is_absolute());
    EXPECT_FALSE(find_program(""));
    EXPECT_FALSE(find_program("/tmp"));
}

}  // namespace
}  // namespace cordwainer
