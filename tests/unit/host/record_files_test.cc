#include "host/record_files.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

TEST(RecordFiles, WritesReplacesAndReads) {
    const auto scratch = TemporaryDirectory::make({}, "record-files-test-");
    ASSERT_TRUE(scratch);
    const std::filesystem::path state = scratch->path() / "var/lib/cordwainer";
    const auto none = read_record(state, 12);
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);

    Record record;
    record.generation = 12;
    record.identity = "/gnu/store/x-system";
    record.bootloader = "grub";
    record.configuration = "bootloader = \"grub\"\n";
    ASSERT_TRUE(write_record(state, record));
    EXPECT_TRUE(std::filesystem::exists(state / "records/12.json"));
    const auto read = read_record(state, 12);
    ASSERT_TRUE(read && *read);
    EXPECT_EQ(**read, record);

    record.identity = "/gnu/store/y-system";
    ASSERT_TRUE(write_record(state, record));
    EXPECT_EQ((*read_record(state, 12))->identity, "/gnu/store/y-system");
    EXPECT_FALSE(*read_record(state, 1));
}

TEST(RecordFiles, TheSameRecordIsNotWrittenAgain) {
    const auto scratch = TemporaryDirectory::make({}, "record-files-test-");
    ASSERT_TRUE(scratch);
    const std::filesystem::path path = scratch->path() / "records/12.json";
    Record record;
    record.generation = 12;
    record.plan.targets = {{.id = {"files"}, .spec = {}, .uuid = {}, .own = {}}};
    record.plan.targets[0].spec.path = "/boot/grub";
    ASSERT_TRUE(write_record(scratch->path(), record));
    const auto long_ago = std::filesystem::file_time_type(std::chrono::hours(1));
    std::filesystem::last_write_time(path, long_ago);
    // A record does not keep where in the configuration a target stands.
    record.plan.targets[0].spec.location.line = 7;
    ASSERT_TRUE(write_record(scratch->path(), record));
    EXPECT_EQ(std::filesystem::last_write_time(path), long_ago);
    record.identity = "/gnu/store/y-system";
    ASSERT_TRUE(write_record(scratch->path(), record));
    EXPECT_NE(std::filesystem::last_write_time(path), long_ago);
}

TEST(RecordFiles, ABrokenRecordIsAnErrorNotAMissingOne) {
    const auto scratch = TemporaryDirectory::make({}, "record-files-test-");
    ASSERT_TRUE(scratch);
    std::filesystem::create_directory(scratch->path() / "records");
    std::ofstream(scratch->path() / "records/3.json") << "{";
    const auto broken = read_record(scratch->path(), 3);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, Errc::invalid_input);
}

TEST(RecordFiles, KeepWhatIsInstalled) {
    const auto scratch = TemporaryDirectory::make({}, "record-files-test-");
    ASSERT_TRUE(scratch);
    const std::filesystem::path state = scratch->path() / "var/lib/cordwainer";
    EXPECT_FALSE(*read_installed(state));
    Installed installed{.bootloader = "grub", .boots = GenerationId{3, "/gnu/store/x-system"}};
    ASSERT_TRUE(write_installed(state, installed));
    EXPECT_EQ(**read_installed(state), installed);
    installed.boots = std::nullopt;
    ASSERT_TRUE(write_installed(state, installed));
    EXPECT_EQ(**read_installed(state), installed);
    std::ofstream(state / "installed.json") << "{";
    const auto damaged = read_installed(state);
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, Errc::corrupt);
    const std::string path = (state / "installed.json").string();
    EXPECT_NE(damaged.error().message().find(path + ":1:2: "), std::string::npos)
        << damaged.error().message();
    EXPECT_NE(damaged.error().message().find("`rm " + path + "`"), std::string::npos);
}

}  // namespace
}  // namespace cordwainer
