#include "realise/process_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

TEST(ProcessRunner, RunsInTheDirectoryAndTheCLocale) {
    const auto scratch = TemporaryDirectory::make({}, "runner-test-");
    ASSERT_TRUE(scratch);
    ProcessRunner runner;
    const auto done = runner.run({{"sh", "-c", "pwd; echo $LC_ALL"}, scratch->path()});
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(*done, scratch->path().string() + "\nC\n");
}

TEST(ProcessRunner, PassesFailuresOn) {
    ProcessRunner runner;
    const auto failed = runner.run({{"sh", "-c", "echo broken >&2; exit 4"}, "/"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::tool_failed);
    EXPECT_THAT(failed.error().message(), ::testing::HasSubstr("broken"));
    const auto missing = runner.run({{"cordwainer-no-such-program"}, "/"});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
}

}  // namespace
}  // namespace cordwainer
