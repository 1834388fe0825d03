#include "host/probe_mounts.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <sys/sysmacros.h>
#include <vector>

#include "sys/file_io.h"
#include "sys/root.h"

namespace cordwainer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProbeMountsTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto made = TemporaryDirectory::make({}, "probe-mounts-test-");
        ASSERT_TRUE(made);
        scratch_.emplace(std::move(*made));
        std::filesystem::create_directory(scratch_->path() / "etc");
    }

    Result<MountTable> table(const std::string& text) {
        std::ofstream(scratch_->path() / "mountinfo") << text;
        return MountTable::read(scratch_->path() / "mountinfo");
    }

    std::vector<std::string> intended(const std::string& fstab) {
        std::ofstream(scratch_->path() / "etc/fstab") << fstab;
        const auto root = Root::open(scratch_->path().string());
        EXPECT_TRUE(root);
        auto found = intended_mount_points(*root);
        EXPECT_TRUE(found);
        return *std::move(found);
    }

    std::optional<TemporaryDirectory> scratch_;
};

// Lines of a running Linux, with none, one and several fields before the hyphen.
TEST_F(ProbeMountsTest, ReadsTheKernelsTable) {
    const auto mounts = table(
        "22 1 254:3 /@root / rw,relatime shared:1 - btrfs /dev/mapper/sys rw,subvolid=256\n"
        "23 22 0:21 / /proc rw - proc proc rw\n"
        "24 22 259:1 / /boot/efi rw shared:5 master:3 - vfat /dev/nvme0n1p1 rw,utf8\n");
    ASSERT_TRUE(mounts);
    const Mount* root = mounts->of("/etc");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->id, 22);
    EXPECT_EQ(root->parent, 1);
    EXPECT_EQ(root->device, makedev(254, 3));
    EXPECT_EQ(root->directory, "/@root");
    EXPECT_EQ(root->mount_point, "/");
    EXPECT_EQ(root->type, "btrfs");
    EXPECT_EQ(root->source, "/dev/mapper/sys");
    const Mount* esp = mounts->of("/boot/efi/EFI");
    ASSERT_TRUE(esp);
    EXPECT_EQ(esp->device, makedev(259, 1));
    EXPECT_EQ(esp->type, "vfat");
    EXPECT_EQ(esp->source, "/dev/nvme0n1p1");
    EXPECT_EQ(mounts->visible().size(), 3U);
}

TEST_F(ProbeMountsTest, ReadsEscapedCharacters) {
    const auto mounts =
        table(R"(22 1 8:1 /a\134040b /my\040disk\011\012\134 rw - fuse.x\040y //host/a\040b rw)"
              "\n");
    ASSERT_TRUE(mounts);
    ASSERT_EQ(mounts->visible().size(), 1U);
    const Mount& mount = *mounts->visible().front();
    EXPECT_EQ(mount.directory, "/a\\040b");
    EXPECT_EQ(mount.mount_point, "/my disk\t\n\\");
    EXPECT_EQ(mount.type, "fuse.x y");
    EXPECT_EQ(mount.source, "//host/a b");
}

TEST_F(ProbeMountsTest, ReadsWhereASystemMeansToMount) {
    EXPECT_THAT(intended("# a comment\n"
                         "\n"
                         "  # another\n"
                         "UUID=1C31-A17C\t/boot/efi/ \t vfat umask=0077 0 2\n"
                         "LABEL=root / ext4 rw 0 1\n"
                         "  /dev/sdb1 /my\\040disk ext4\n"
                         "/dev/sda3 none swap sw 0 0\n"
                         "tmpfs /tmp tmpfs"),
                ElementsAre("/boot/efi", "/my disk", "/tmp"));
    EXPECT_THAT(intended(""), IsEmpty());
}

}  // namespace
}  // namespace cordwainer
