#include "host/live_files.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "host/mounted_fat.h"
#include "sys/file_io.h"
#include "tests/support/rel.h"

namespace cordwainer {
namespace {

using test::rel;
using ::testing::HasSubstr;

TEST(LiveFiles, NamesTheTypeThatItDoesNotKnow) {
    const auto opened = open_live_files("/", "/proc/no/such/directory", rel("cordwainer"));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::unsupported);
    EXPECT_THAT(opened.error().message(),
                HasSubstr("/proc/no/such/directory is on a file system of type proc"));
}

TEST(LiveFiles, MakesNothingWhereItRefuses) {
    const auto scratch = TemporaryDirectory::make("/dev/shm", "live-files-test-");
    if (!scratch) GTEST_SKIP() << scratch.error().message();
    const auto opened = open_live_files(scratch->path(), "/boot/grub", rel("cordwainer"));
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message(), HasSubstr("tmpfs"));
    EXPECT_TRUE(std::filesystem::is_empty(scratch->path()));
}

TEST(MountedFat, TakesALinuxThatExchangesFiles) {
    for (const char* good : {"6.0", "6.0.0-rc1", "6.1.0-13-amd64", "7.2", "10.0"})
        EXPECT_TRUE(check_exchange_on_fat(good, "/boot/efi")) << good;
    for (const char* old : {"5.19.17", "5.10.0-8-amd64", "4.4", ""}) {
        const auto checked = check_exchange_on_fat(old, "/boot/efi");
        ASSERT_FALSE(checked) << old;
        EXPECT_EQ(checked.error().code, Errc::unsupported);
        EXPECT_THAT(checked.error().message(), HasSubstr("/boot/efi"));
        EXPECT_THAT(checked.error().message(), HasSubstr("Linux 6.0"));
    }
}

}  // namespace
}  // namespace cordwainer
