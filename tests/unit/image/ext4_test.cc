#include "image/ext4.h"

#include <gmock/gmock.h>
#include <sstream>

#include "image/ext4_script.h"
#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Ext4Test : public ImageTest {
  protected:
    // A file system of this size with this content, in a file of its own, accepted by e2fsck.
    Result<void> make(std::uint64_t size, const Node& root, const std::string& name = "ext4") {
        std::ofstream(path(name)).flush();
        std::filesystem::resize_file(path(name), size);
        std::filesystem::create_directories(path("scratch"));
        TRY_VOID(make_ext4({.directory = directory_.path(),
                            .file = name,
                            .size = size,
                            .uuid = *Uuid::parse("3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"),
                            .label = "a label",
                            .epoch = 1700000000,
                            .scratch = path("scratch")},
                           root,
                           progress_));
        run("e2fsck", {"-fn", path(name)});
        return {};
    }

    Node scanned(const std::string& directory) {
        std::vector<std::string> warnings;
        return *scan(path(directory), {}, warnings);
    }

    // A field of dumpe2fs's output.
    std::string field(const std::string& name) {
        std::istringstream lines(run("dumpe2fs", {"-h", path("ext4")}));
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with(name + ":")) continue;
            return line.substr(line.find_first_not_of(' ', name.size() + 1));
        }
        return "";
    }

    Quiet progress_;
};

class Ext4SizeTest : public Ext4Test, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(Ext4SizeTest, HasTheRoomThatWasPromised) {
    const std::uint64_t size = GetParam();
    const auto made = make(size, {});
    ASSERT_TRUE(made) << made.error().message();
    const std::uint64_t inodes = ext4_inodes(size, ext4_needs({}, Holes::filled));
    const std::uint64_t real = std::stoull(field("Free blocks"));
    const std::uint64_t promised = ext4_free_blocks(size, inodes);
    EXPECT_LE(promised, real);
    EXPECT_GE(promised + 64 + real / 50, real);
    EXPECT_GE(std::stoull(field("Inode count")), inodes);
}

INSTANTIATE_TEST_SUITE_P(Sizes,
                         Ext4SizeTest,
                         testing::Values(16 * kMiB,
                                         17 * kMiB + kSector,
                                         127 * kMiB,
                                         128 * kMiB,
                                         129 * kMiB,
                                         440 * kMiB,
                                         1023 * kMiB,
                                         4097 * kMiB,
                                         65537 * kMiB));

TEST_F(Ext4Test, HasTheFeaturesThatPlansAreMadeFrom) {
    ASSERT_TRUE(make(64 * kMiB, {}));
    std::istringstream words(field("Filesystem features"));
    std::vector<std::string> features;
    for (std::string word; words >> word;) features.push_back(word);
    EXPECT_THAT(features, testing::UnorderedElementsAreArray(ext4_features()));
    EXPECT_EQ(field("Filesystem UUID"), "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3");
    EXPECT_EQ(field("Filesystem volume name"), "a label");
    EXPECT_EQ(field("Last write time"), field("Filesystem created"));
}

TEST_F(Ext4Test, KeepsEveryNameAndContent) {
    const std::vector<std::string> names{"plain",
                                         "a \"quoted\" name",
                                         "\"",
                                         "<12>",
                                         " leading",
                                         "trailing ",
                                         "-option",
                                         "#comment",
                                         "é\xff",
                                         "$a;b|c`d`\\e",
                                         "tab\there",
                                         "*?[x]",
                                         "~",
                                         std::string(255, 'n')};
    for (const std::string& name : names) {
        write("in/" + name, "file " + name);
        write("in/dir/" + name + "/" + name, "deep " + name);
    }
    ASSERT_TRUE(make(32 * kMiB, scanned("in")));
    std::filesystem::create_directory(path("out"));
    debugfs(path("ext4"), "rdump / " + path("out").string());
    for (const std::string& name : names) {
        EXPECT_EQ(read_text_file(path("out/" + name)).value_or("-"), "file " + name);
        EXPECT_EQ(read_text_file(path("out/dir/" + name + "/" + name)).value_or("-"),
                  "deep " + name);
    }
}

TEST_F(Ext4Test, RefusesALineFeedByName) {
    write("in/a\nb", "");
    const auto made = make(32 * kMiB, scanned("in"));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::invalid_input);
    EXPECT_THAT(made.error().message(), HasSubstr("a\\x0ab"));
}

TEST_F(Ext4Test, KeepsOwnersModesDatesAndKinds) {
    Node root;
    root.mode = 01777;
    root.uid = 5;
    root.mtime = 1600000001;
    Node& directory = root.children["directory"];
    directory.mode = 02750;
    directory.uid = 70000;
    directory.gid = 80000;
    directory.mtime = 1600000002;
    Node& link = directory.children["link"];
    link.kind = Node::Kind::symlink;
    link.mode = 0777;
    link.target = std::string(100, 't');
    link.uid = 1;
    link.mtime = 1600000003;
    Node& terminal = directory.children["terminal"];
    terminal.kind = Node::Kind::character_device;
    terminal.mode = 0620;
    terminal.gid = 5;
    terminal.major = 4;
    terminal.minor = 300;
    Node& disk = directory.children["disk"];
    disk.kind = Node::Kind::block_device;
    disk.mode = 0660;
    disk.major = 8;
    disk.minor = 1;
    disk.mtime = -5;
    Node& large = directory.children["large"];
    large.kind = Node::Kind::block_device;
    large.major = 259;
    large.minor = 70000;
    Node& pipe = directory.children["pipe"];
    pipe.kind = Node::Kind::fifo;
    pipe.mode = 0600;
    pipe.mtime = std::int64_t{1} << 33U;
    const auto made = make(32 * kMiB, root);
    ASSERT_TRUE(made) << made.error().message();

    const auto stat = [this](const std::string& name) {
        return debugfs(path("ext4"), "stat " + name);
    };
    EXPECT_THAT(stat("/"), HasSubstr("Mode:  01777"));
    EXPECT_THAT(stat("/"), HasSubstr("User:     5"));
    EXPECT_THAT(stat("/"), testing::ContainsRegex("mtime: 0x5f5e1001"));
    EXPECT_THAT(stat("/directory"), HasSubstr("Mode:  02750"));
    EXPECT_THAT(stat("/directory"), HasSubstr("User: 70000   Group: 80000"));
    EXPECT_THAT(stat("/directory"), testing::ContainsRegex("mtime: 0x5f5e1002"));
    EXPECT_THAT(stat("/directory/link"), testing::ContainsRegex("mtime: 0x5f5e1003"));
    EXPECT_THAT(stat("/directory/link"), HasSubstr("Type: symlink"));
    EXPECT_THAT(stat("/directory/terminal"), HasSubstr("Type: character special"));
    EXPECT_THAT(stat("/directory/terminal"), HasSubstr("Mode:  0620"));
    EXPECT_THAT(stat("/directory/terminal"), HasSubstr("major/minor number: 04:300"));
    EXPECT_THAT(stat("/directory/large"), HasSubstr("major/minor number: 259:70000"));
    EXPECT_THAT(stat("/directory/disk"), HasSubstr("Type: block special"));
    EXPECT_THAT(stat("/directory/disk"), testing::ContainsRegex("mtime: 0x00000001"));
    EXPECT_THAT(stat("/directory/pipe"), HasSubstr("Type: FIFO"));
    EXPECT_THAT(stat("/directory/pipe"), testing::ContainsRegex("mtime: 0x7fffffff"));
}

TEST_F(Ext4Test, KeepsAttributes) {
    write("in/program", "x");
    Node root = scanned("in");
    // VFS_CAP_REVISION_2 with CAP_NET_RAW, as setcap writes it.
    const std::string capability(
        "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        "\x00\x00\x00\x00",
        20);
    root.children["program"].attributes = {{"security.capability", capability},
                                           {"user.a \"b\"", "value\n"}};
    ASSERT_TRUE(make(32 * kMiB, root));
    EXPECT_THAT(debugfs(path("ext4"), "ea_list program"), HasSubstr("security.capability (20)"));
    debugfs(path("ext4"), "ea_get -f " + path("value").string() + " program security.capability");
    EXPECT_EQ(*read_text_file(path("value")), capability);
    debugfs(path("ext4"), "ea_get -f " + path("other").string() + R"( program "user.a ""b""")");
    EXPECT_EQ(*read_text_file(path("other")), "value\n");
}

TEST_F(Ext4Test, HolesStayHoles) {
    write("in/sparse", "begin");
    std::filesystem::resize_file(path("in/sparse"), 100 * kMiB);
    const Node root = scanned("in");
    EXPECT_LT(root.children.at("sparse").data, kMiB);
    ASSERT_TRUE(make(32 * kMiB, root));
    EXPECT_THAT(debugfs(path("ext4"), "stat sparse"), HasSubstr("Size: 104857600"));
    EXPECT_THAT(debugfs(path("ext4"), "stat sparse"), HasSubstr("Blockcount: 8\n"));
}

TEST_F(Ext4Test, ALongScriptRunsInParts) {
    Node root;
    Node& deep = root.children["some directory"].children["below it"];
    for (int i = 0; i < 1200; ++i) {
        Node& link = deep.children["link with a name that is long enough " + std::to_string(i)];
        link.kind = Node::Kind::symlink;
        link.mode = 0777;
        link.target = std::string(900, 'x');
        link.mtime = 1600000000 + i;
    }
    root.children["z"].mtime = 1600000000;
    int parts = 0;
    Ext4Script script(1700000000, path("scratch"), [&](const std::string&, std::uint64_t) {
        ++parts;
        return Result<void>();
    });
    ASSERT_TRUE(script.write(root));
    EXPECT_GT(parts, 1);
    ASSERT_TRUE(make(32 * kMiB, root));
    const std::string listed = debugfs(path("ext4"), R"(ls -p "/some directory/below it")");
    EXPECT_THAT(listed, HasSubstr("/link with a name that is long enough 0/"));
    EXPECT_THAT(listed, HasSubstr("/link with a name that is long enough 1199/"));
    EXPECT_THAT(debugfs(path("ext4"), "ls -p /"), HasSubstr("/z/"));
}

TEST_F(Ext4Test, WhatTheSizeIsForFits) {
    Node root;
    write("in/file", std::string(5000, 'x'));
    const Node file = scanned("in").children.at("file");
    for (int i = 0; i < 40; ++i) {
        Node& directory = root.children[std::string(200, 'd') + std::to_string(i)];
        for (int j = 0; j < 40; ++j) {
            Node& inner = directory.children[std::string(200, 'f') + std::to_string(j)];
            inner.children["file"] = file;
            inner.children["link"].kind = Node::Kind::symlink;
            inner.children["link"].target = std::string(80, 't');
        }
    }
    const std::uint64_t size = ext4_size_for(ext4_needs(root, Holes::filled));
    EXPECT_LT(size, 64 * kMiB);
    const auto made = make(size, root);
    ASSERT_TRUE(made) << made.error().message();
}

TEST_F(Ext4Test, AFailureOfDebugfsIsAFailure) {
    write("in/file", std::string(20 * kMiB, 'x'));
    const auto full = make(16 * kMiB, scanned("in"));
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, Errc::tool_failed);
    const Node root = scanned("in");
    std::filesystem::remove(path("in/file"));
    const auto gone = make(64 * kMiB, root);
    ASSERT_FALSE(gone);
    EXPECT_THAT(gone.error().message(), HasSubstr("No such file or directory"));
}

TEST_F(Ext4Test, LostAndFoundOfTheSourceIsTheOne) {
    write("in/lost+found/file", "x", 0600);
    ASSERT_TRUE(make(32 * kMiB, scanned("in")));
    EXPECT_THAT(debugfs(path("ext4"), "cat /lost+found/file"), HasSubstr("x"));
}

TEST(DebugfsQuotedTest, DoublesQuotationMarks) {
    EXPECT_EQ(debugfs_quoted("").value_or("-"), "\"\"");
    EXPECT_EQ(debugfs_quoted("a \"b\"").value_or("-"), "\"a \"\"b\"\"\"");
    EXPECT_FALSE(debugfs_quoted("a\rb"));
}

}  // namespace
}  // namespace cordwainer::image::test
