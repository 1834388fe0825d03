#include "image/vfat.h"

#include <gmock/gmock.h>

#include "formats/fat_room.h"
#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::HasSubstr;

class VfatTest : public ImageTest {
  protected:
    // A file system of this size with this content, in a file of its own.
    Result<void> make(std::uint64_t size, const Node& root) {
        std::ofstream(path("fat")).flush();
        std::filesystem::resize_file(path("fat"), size);
        Quiet progress;
        return make_vfat({.image = path("fat"),
                          .size = size,
                          .id = *Uuid::parse("1C31-A17C"),
                          .label = "LABEL",
                          .epoch = 1700000000},
                         root,
                         progress);
    }

    Node scanned(const std::string& directory) {
        std::vector<std::string> warnings;
        return *scan(path(directory), {}, warnings);
    }
};

class FatSizeTest : public VfatTest, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(FatSizeTest, IsTheTypeAndHasTheRoomThatWasPromised) {
    const std::uint64_t size = GetParam();
    ASSERT_TRUE(make(size, {}));
    const std::string checked = run("fsck.fat", {"-nv", path("fat")});
    const FatShape shape = fat_shape(size);
    EXPECT_THAT(checked, HasSubstr(std::to_string(shape.bits) + " bit entries"));
    EXPECT_THAT(run("blkid", {"-p", path("fat")}),
                HasSubstr("FAT" + std::to_string(shape.bits) + "\""));
    const std::string listed = run("minfo", {"-i", path("fat"), "::"});
    EXPECT_THAT(listed, HasSubstr("disk label"));
    // "N data clusters (M bytes)"
    const std::size_t at = checked.find(" data clusters (");
    ASSERT_NE(at, std::string::npos);
    const std::uint64_t real = std::stoull(checked.substr(at + 16));
    EXPECT_LE(fat_free(size), real);
    EXPECT_GE(fat_free(size) + 64 * kKiB + size / 100, real);
}

INSTANTIATE_TEST_SUITE_P(Sizes,
                         FatSizeTest,
                         testing::Values(256 * kKiB,
                                         kMiB,
                                         2 * kMiB - kSector * 2,
                                         2 * kMiB,
                                         4 * kMiB - kSector * 2,
                                         4 * kMiB,
                                         16 * kMiB - kSector * 2,
                                         16 * kMiB,
                                         36 * kMiB - kSector * 2,
                                         36 * kMiB,
                                         260 * kMiB,
                                         261 * kMiB,
                                         8193 * kMiB,
                                         17 * 1024 * kMiB,
                                         33 * 1024 * kMiB));

TEST_F(VfatTest, KeepsNamesAndContent) {
    write("in/EFI/BOOT/BOOTX64.EFI", "loader");
    write("in/é [x] $a.txt", "one");
    write("in/über.txt", "two");
    write("in/some long name;+,=.cfg", std::string(100000, 'x'));
    ASSERT_TRUE(make(40 * kMiB, scanned("in")));
    EXPECT_EQ(run("mdir", {"-b", "-/", "-i", path("fat"), "::"}),
              "::/EFI/\n::/some long name;+,=.cfg\n::/é [x] $a.txt\n::/Über.txt\n::/EFI/BOOT/\n"
              "::/EFI/BOOT/BOOTX64.EFI\n");
    EXPECT_EQ(run("mtype", {"-i", path("fat"), "::/EFI/BOOT/BOOTX64.EFI"}), "loader");
    EXPECT_THAT(run("mdir", {"-i", path("fat"), "::"}), HasSubstr("2023-11-14"));
    run("fsck.fat", {"-n", path("fat")});
}

TEST_F(VfatTest, PathsAreNoPatterns) {
    write("in/a[b]/c[d-f]/g[h]", "one");
    write("in/ab/other", "two");
    const auto made = make(40 * kMiB, scanned("in"));
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(run("mdir", {"-b", "-/", "-i", path("fat"), "::"}),
              "::/a[b]/\n::/ab/\n::/a[b]/c[d-f]/\n::/a[b]/c[d-f]/g[h]\n::/ab/other\n");
}

TEST_F(VfatTest, TheImageMayLieInADirectoryWithAnyName) {
    std::filesystem::create_directory(path("it's @@1M, \"a\" b"));
    write("in/a/b", "x");
    const std::filesystem::path image = path("it's @@1M, \"a\" b") / "fat";
    std::ofstream(image).flush();
    std::filesystem::resize_file(image, 40 * kMiB);
    Quiet progress;
    const auto made =
        make_vfat({.image = image, .size = 40 * kMiB, .id = *Uuid::parse("1C31-A17C")},
                  scanned("in"),
                  progress);
    ASSERT_TRUE(made) << made.error().message();
    run("fsck.fat", {"-n", image});
}

TEST_F(VfatTest, NamesANameThatWouldBeAnother) {
    write("in/ABCDEFG~1", "x");
    const auto made = make(40 * kMiB, scanned("in"));
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message(), HasSubstr("/ABCDEFG~1: mtools cannot write this name"));
}

TEST_F(VfatTest, NamesANameWithTheShortNameOfAnother) {
    write("in/EFI/f", "x");
    write("in/EFI/ƒ", "x");
    write("in/EFI/zoë", "x");
    const auto made = make(40 * kMiB, scanned("in"));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().message(),
              "/EFI/ƒ: mtools cannot write this name; rename it (it has the short name of another "
              "one beside it)");
}

TEST_F(VfatTest, ManyFilesFitWhereTheSizeSaysSo) {
    for (int i = 0; i < 400; ++i) {
        write("in/a directory with a long name/file number " + std::to_string(i), "x");
    }
    const Node root = scanned("in");
    const std::uint64_t size = fat_size_for(root);
    EXPECT_EQ(size, 36 * kMiB);
    ASSERT_TRUE(make(size, root));
    run("fsck.fat", {"-n", path("fat")});
}

TEST_F(VfatTest, ADirectoryThatWillGrowIsLargeFromTheBeginning) {
    write("own/EFI/Boot/a loader", "x");
    std::vector<std::string> warnings;
    Node root = *scan(path("own"), {.made_at = 0}, warnings);
    root.grows = false;
    root.children["other"] = made_directory(0);
    ASSERT_TRUE(make(36 * kMiB, root));
    run("fsck.fat", {"-n", path("fat")});
    EXPECT_EQ(run("mdir", {"-b", "-/", "-i", path("fat"), "::"}),
              "::/EFI/\n::/other/\n::/EFI/Boot/\n::/EFI/Boot/a loader\n");
    const auto clusters = [this](const std::string& name) {
        const std::string range = run("mshowfat", {"-i", path("fat"), name});
        const std::size_t dash = range.find('-');
        if (dash == std::string::npos) return 1;
        return std::stoi(range.substr(dash + 1)) - std::stoi(range.substr(range.find('<') + 1)) + 1;
    };
    EXPECT_GE(clusters("::/EFI/Boot") * kSector, kFatRoom);
    EXPECT_EQ(clusters("::/other"), 1);
    const FatShape shape{.bits = 32, .sectors_per_cluster = 1};
    EXPECT_GE(fat_needs(root, shape), 2 * kFatRoom + 3 * kSector);
    root.children["EFI"].grows = false;
    EXPECT_LT(fat_needs(root, shape), 2 * kFatRoom);
}

TEST_F(VfatTest, TheSmallestSizeHoldsTheContent) {
    write("in/large", std::string(70 * kMiB, 'x'));
    write("in/small", "x");
    const Node root = scanned("in");
    const std::uint64_t size = fat_size_for(root);
    EXPECT_LT(size, 74 * kMiB);
    ASSERT_TRUE(make(size, root));
    EXPECT_GT(fat_needs(root, fat_shape(size - 3 * kMiB)), fat_free(size - 3 * kMiB));
}

TEST_F(VfatTest, RefusesWhatFatCannotHold) {
    write("in/a", "x");
    std::filesystem::create_symlink("a", path("in/link"));
    const auto made = make(40 * kMiB, scanned("in"));
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message(), HasSubstr("/link: FAT has no symbolic links"));
}

}  // namespace
}  // namespace cordwainer::image::test
