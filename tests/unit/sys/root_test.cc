#include "sys/root.h"

#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

using test::SystemTree;

TEST(Root, FollowsAbsoluteLinksInside) {
    const SystemTree tree;
    tree.file("/gnu/store/a/file", "inside");
    tree.link("/link", "/gnu/store/a/file");
    tree.link("/directory", "/gnu/store");
    tree.link("/chain", "link");
    const Root root = tree.root();
    EXPECT_EQ(*root.read("/link"), "inside");
    EXPECT_EQ(*root.read("chain"), "inside");
    EXPECT_EQ(*root.read("/directory/a/file"), "inside");
    EXPECT_EQ((*root.status("/link"))->size, 6U);
    EXPECT_EQ((*root.status("/link"))->kind, FileKind::regular);
    EXPECT_EQ((*root.link_status("/link"))->kind, FileKind::symbolic_link);
}

TEST(Root, CannotBeLeft) {
    const SystemTree tree;
    tree.directory("/system/etc");
    tree.file("/secret", "outside");
    tree.link("/system/up", "../../../../secret");
    tree.link("/system/absolute", tree.outside("/secret"));
    tree.link("/system/etc/up", "../..");
    const Root root = *Root::open(tree.outside("/system"));
    for (const char* path : {"../secret", "/../secret", "up", "absolute", "etc/up/secret"}) {
        const auto text = root.read(path);
        ASSERT_FALSE(text) << path;
        EXPECT_EQ(text.error().code, Errc::not_found) << path;
    }
    EXPECT_EQ((*root.status("etc/up"))->inode, (*root.status("/"))->inode);
}

TEST(Root, SaysWhatIsNotThere) {
    const SystemTree tree;
    tree.link("/nowhere", "/missing");
    tree.link("/circle", "/circle");
    tree.file("/file", "");
    const Root root = tree.root();
    for (const char* path : {"/missing", "/nowhere", "/circle", "/file/below"}) {
        const auto status = root.status(path);
        ASSERT_TRUE(status) << path;
        EXPECT_FALSE(*status) << path;
        EXPECT_EQ(root.open_file(path).error().code, Errc::not_found) << path;
    }
    EXPECT_EQ(root.read("/missing").error().message(),
              "open " + tree.outside("/missing") + ": No such file or directory");
    EXPECT_FALSE(root.status(std::string("/fi\0le", 6)));
    EXPECT_EQ(Root::open(tree.outside("/missing")).error().code, Errc::not_found);
    EXPECT_FALSE(Root::open(tree.outside("/file")));
}

TEST(Root, ReadsLinks) {
    const SystemTree tree;
    tree.link("/a/link", "../b");
    tree.file("/b", "");
    const Root root = tree.root();
    EXPECT_EQ(*root.read_link("/a/link"), "../b");
    EXPECT_EQ(root.link("/a/link")->text, "../b");
    EXPECT_EQ(root.link("/a/link")->status, **root.link_status("/a/link"));
    EXPECT_EQ(root.read_link("/b").error().code, Errc::invalid_input);
    EXPECT_EQ(root.read_link("/a").error().code, Errc::invalid_input);
    EXPECT_EQ(root.read_link("/c").error().code, Errc::not_found);
}

TEST(Root, ReadsLinksInAnOpenDirectory) {
    const SystemTree tree;
    tree.link("/a/link", "../b");
    tree.file("/a/file", "");
    const Root root = tree.root();
    const Fd directory = *root.open_file("/a", O_PATH | O_DIRECTORY);
    const auto link = link_at(directory, "link", "/a/link");
    ASSERT_TRUE(link) << link.error().message();
    EXPECT_EQ(link->text, "../b");
    EXPECT_EQ(link->status, **root.link_status("/a/link"));
    EXPECT_EQ(link_at(directory, "file", "/a/file").error().message(),
              "/a/file is not a symbolic link");
    EXPECT_EQ(link_at(directory, "gone", "/a/gone").error().code, Errc::not_found);
}

TEST(Root, FollowsLinksByTheirTexts) {
    const SystemTree tree;
    tree.file("/gnu/store/abc-system/parameters", "");
    tree.link("/p/system-1-link", "/gnu/store/abc-system");
    tree.link("/p/system-2-link", "../gnu/store/abc-system");
    tree.link("/p/system", "system-1-link");
    tree.link("/p/nowhere", "/gnu/store/missing");
    tree.link("/p/circle", "circle");
    const Root root = tree.root();
    for (const char* path : {"/p/system-1-link",
                             "/p/system-2-link",
                             "/p/system",
                             "p/system",
                             "/gnu/store/abc-system"}) {
        EXPECT_EQ(*root.follow(path), "/gnu/store/abc-system") << path;
    }
    EXPECT_EQ(root.follow("/p/nowhere").error().message(),
              tree.outside("/gnu/store/missing") + " does not exist");
    EXPECT_EQ(root.follow("/p/circle").error().code, Errc::not_found);
}

TEST(Root, ReadsOnlyRegularFilesOfABoundedSize) {
    const SystemTree tree;
    tree.file("/file", "12345");
    ASSERT_EQ(::mkfifo(tree.outside("/fifo").c_str(), 0600), 0);
    const Root root = tree.root();
    EXPECT_EQ(*root.read("/file", 5), "12345");
    EXPECT_EQ(root.read("/file", 4).error().code, Errc::invalid_input);
    EXPECT_EQ(root.read("/fifo").error().code, Errc::invalid_input);  // and does not hang
    EXPECT_EQ(root.read("/").error().code, Errc::invalid_input);
}

TEST(Root, ListsByName) {
    const SystemTree tree;
    tree.file("/d/b", "");
    tree.directory("/d/c");
    tree.link("/d/a", "nowhere");
    const Root root = tree.root();
    const auto entries = root.list("/d");
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 3U);
    EXPECT_EQ((*entries)[0].name, "a");
    EXPECT_EQ((*entries)[0].kind, FileKind::symbolic_link);
    EXPECT_EQ((*entries)[1].name, "b");
    EXPECT_EQ((*entries)[1].kind, FileKind::regular);
    EXPECT_EQ((*entries)[2].name, "c");
    EXPECT_EQ((*entries)[2].kind, FileKind::directory);
    EXPECT_EQ(root.list("/missing").error().code, Errc::not_found);
    EXPECT_FALSE(root.list("/d/b"));
}

TEST(Root, TellsTimesInNanoseconds) {
    const SystemTree tree;
    tree.file("/file", "");
    tree.touch("/file", -5);
    EXPECT_EQ((*tree.root().status("/file"))->modified, -5'000'000'000);
}

TEST(Root, MakesDirectoriesInside) {
    const SystemTree tree;
    tree.directory("/system/real");
    tree.link("/system/var", "/real/var");
    const Root root = *Root::open(tree.outside("/system"));
    tree.directory("/system/real/var");
    ASSERT_TRUE(root.make_directories("/var/lib/x"));
    ASSERT_TRUE(root.make_directories("/var/lib/x"));
    EXPECT_TRUE(std::filesystem::is_directory(tree.outside("/system/real/var/lib/x")));
    tree.file("/system/file", "");
    EXPECT_EQ(root.make_directories("/file/x").error().code, Errc::refused);
    EXPECT_TRUE(root.make_directories("/"));
}

TEST(Root, TranslatesPaths) {
    const SystemTree tree;
    tree.directory("/system/var");
    tree.link("/alias", "system");
    tree.link("/system/state", "/elsewhere");
    const Root root = *Root::open(tree.outside("/alias"));
    const std::string real = std::filesystem::canonical(tree.outside("/system")).string();
    EXPECT_EQ(root.path(), real);
    EXPECT_EQ(root.outside("/var"), real + "/var");
    EXPECT_EQ(root.outside("var"), real + "/var");
    EXPECT_EQ(root.inside(real + "/var/lib/new/"), "/var/lib/new");
    EXPECT_EQ(root.inside(tree.outside("/alias/var")), "/var");
    EXPECT_EQ(root.inside(real), "/");
    EXPECT_EQ(root.inside(real + "/state"), "/state");  // a link of the system
    EXPECT_EQ(root.inside(real + "/../other"), std::nullopt);
    EXPECT_EQ(root.inside(real + "x"), std::nullopt);
    EXPECT_EQ(root.inside("/var"), std::nullopt);
    const Root whole = *Root::open("/");
    EXPECT_EQ(whole.outside("/var"), "/var");
    EXPECT_EQ(whole.inside("/var/lib"), "/var/lib");
    EXPECT_EQ(whole.inside("/"), "/");
}

}  // namespace
}  // namespace cordwainer
