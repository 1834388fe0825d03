// Writing over a file on a real ext4, looked at from outside by debugfs, which reads the image as
// it is and replays no journal, as GRUB does. What may go wrong: the new bytes are in the journal
// alone, or in other blocks than those that GRUB knows, or the journal puts the old ones back.
#include "host/overwrite.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <unistd.h>

#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kBlockPath = "/grub/block";
const std::string kOld(1024, 'o');
const std::string kNew(1024, 'n');

class Overwrite : public ::testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
        auto made = TemporaryDirectory::make({}, "overwrite-test-");
        ASSERT_TRUE(made);
        scratch_ = std::make_unique<TemporaryDirectory>(std::move(*made));
        image_ = scratch_->path() / "ext4.img";
        mount_ = scratch_->path() / "mount";
        fs::create_directory(mount_);
        ASSERT_TRUE(spawn({.arguments = {"mke2fs", "-q", "-t", "ext4", image_.string(), "32M"}}));
        const auto mounted = spawn(
            {.arguments = {
                 "mount", "-o", "loop,data=" + GetParam(), image_.string(), mount_.string()}});
        if (!mounted) GTEST_SKIP() << mounted.error().message();
        mounted_ = true;
        fs::create_directory(mount_ / "grub");
        ASSERT_TRUE(write_durably(mount_.string() + kBlockPath, as_bytes(kOld)));
        ASSERT_TRUE(write(kOld));
    }

    void TearDown() override {
        if (!mounted_) return;
        EXPECT_TRUE(spawn({.arguments = {"umount", mount_.string()}}));
    }

    [[nodiscard]] Result<void> write(const std::string& bytes) const {
        const Root system = TRY(Root::open(mount_.string()));
        return overwrite(system, kBlockPath, as_bytes(bytes));
    }

    // What debugfs prints.
    [[nodiscard]] std::string seen(const std::string& command) const {
        const auto done =
            spawn({.arguments = {"debugfs", "-R", command + " " + kBlockPath, image_.string()}});
        EXPECT_TRUE(done) << done.error().message();
        return done ? done->output : "";
    }

    std::unique_ptr<TemporaryDirectory> scratch_;
    fs::path image_;
    fs::path mount_;
    bool mounted_ = false;
};

INSTANTIATE_TEST_SUITE_P(Journals,
                         Overwrite,
                         ::testing::Values("ordered", "journal"),
                         [](const auto& test) { return test.param; });

TEST_P(Overwrite, IsSeenWithoutTheJournalInTheSameBlocks) {
    const std::string blocks = seen("blocks");
    EXPECT_EQ(seen("cat"), kOld);
    const auto written = write(kNew);
    ASSERT_TRUE(written) << written.error().message();
    EXPECT_EQ(seen("cat"), kNew);
    EXPECT_EQ(seen("blocks"), blocks);
}

TEST_P(Overwrite, AFileOfAnotherSizeIsRefused) {
    const auto written = write(kNew + "x");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::corrupt);
    EXPECT_THAT(written.error().message(), HasSubstr("/grub/block is no file of 1025 bytes"));
    EXPECT_EQ(seen("cat"), kOld);
    fs::remove(mount_.string() + kBlockPath);
    EXPECT_EQ(write(kNew).error().code, Errc::not_found);
}

}  // namespace
}  // namespace cordwainer
