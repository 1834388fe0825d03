// The archives that carry content into a guest, judged by GNU tar and cpio.
#include <array>
#include <gmock/gmock.h>
#include <sys/xattr.h>

#include "image/cpio.h"
#include "image/tar.h"
#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::HasSubstr;

class ArchivesTest : public ImageTest {};

TEST_F(ArchivesTest, TarKeepsWhatTheTreeHas) {
    const std::string deep = std::string(90, 'd') + "/" + std::string(120, 'e');
    write("in/" + deep + "/file \n \"x\"", std::string(3000, 'x'), 04751);
    write("in/empty", "");
    std::filesystem::create_symlink(std::string(150, 't'), path("in/link"));
    std::filesystem::create_hard_link(path("in/empty"), path("in/other"));
    std::vector<std::string> warnings;
    Node root = *scan(path("in"), {}, warnings);
    root.children["empty"].attributes = {{"user.note", "a\nb"}};
    root.children["far"].uid = 70000000;
    root.children["far"].mtime = 1600000000;
    root.children["terminal"].kind = Node::Kind::character_device;
    root.children["terminal"].major = 4;
    root.children["terminal"].minor = 64;
    const auto written = write_tar(root, path("x.tar"));
    ASSERT_TRUE(written) << written.error().message();
    const std::string listed =
        run("tar", {"--numeric-owner", "--xattrs", "--utc", "-tvvf", path("x.tar")});
    EXPECT_THAT(listed, testing::ContainsRegex("drwxr-xr-x  70000000/0 .*2020-09-13 .*\\./far\n"));
    EXPECT_THAT(listed, testing::ContainsRegex("crwxr-xr-x  0/0 *4,64 .*\\./terminal"));
    EXPECT_THAT(listed, HasSubstr("./other link to ./empty"));
    std::filesystem::create_directory(path("out"));
    run("tar",
        {"--xattrs",
         "-xpf",
         path("x.tar"),
         "-C",
         path("out"),
         "--exclude=./terminal",
         "--exclude=./far"});
    std::array<char, 8> note{};
    EXPECT_EQ(::getxattr(path("out/empty").c_str(), "user.note", note.data(), note.size()), 3);
    EXPECT_STREQ(note.data(), "a\nb");
    run("diff", {"-r", "--no-dereference", path("in"), path("out")});
    struct stat info{};
    ASSERT_EQ(::stat((path("out") / deep / "file \n \"x\"").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 04751U);
}

TEST_F(ArchivesTest, AFileThatShrankIsNoticed) {
    write("in/file", "long enough");
    std::vector<std::string> warnings;
    const Node root = *scan(path("in"), {}, warnings);
    write("in/file", "short");
    EXPECT_FALSE(write_tar(root, path("x.tar")));
}

TEST_F(ArchivesTest, CpioIsReadByCpio) {
    Cpio cpio;
    cpio.add_directory("/proc");
    cpio.add_file("/bin/program", 0755, as_bytes("text"));
    cpio.add_file("/bin/other", 0644, as_bytes("12345"));
    const Bytes archive = cpio.finish();
    write("x.cpio", to_text(archive));
    const std::string listed = run("cpio", {"-itv", "-F", path("x.cpio")});
    EXPECT_THAT(listed, testing::ContainsRegex("drwxr-xr-x .* proc\n"));
    EXPECT_THAT(listed, testing::ContainsRegex("drwxr-xr-x .* bin\n"));
    EXPECT_THAT(listed, testing::ContainsRegex("-rwxr-xr-x .* 4 .* bin/program\n"));
    EXPECT_THAT(listed, testing::ContainsRegex("-rw-r--r-- .* 5 .* bin/other\n"));
}

}  // namespace
}  // namespace cordwainer::image::test
