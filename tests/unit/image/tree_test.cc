#include "image/tree.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TreeTest : public ImageTest {
  protected:
    Node scanned(const std::string& directory, const ScanRules& rules = {}) {
        const auto root = scan(path(directory), rules, warnings_);
        EXPECT_TRUE(root) << root.error().message();
        return root.value_or(Node{});
    }

    static std::vector<std::string> paths_of(const Node& root) {
        std::vector<std::string> paths;
        walk(root, [&](const std::string& path, const Node&) { paths.push_back(path); });
        return paths;
    }

    std::vector<std::string> warnings_;
};

TEST_F(TreeTest, ScansInTheOrderOfNames) {
    for (const char* name : {"b", "a/c", "a/b", "a-b", "B"}) write(std::string("in/") + name, "x");
    EXPECT_THAT(paths_of(scanned("in")), ElementsAre("/B", "/a", "/a/b", "/a/c", "/a-b", "/b"));
}

TEST_F(TreeTest, ReadsWhatEachFileIs) {
    write("in/file", "12345", 04711);
    std::filesystem::create_symlink("/nowhere/at all", path("in/link"));
    std::filesystem::create_hard_link(path("in/file"), path("in/other"));
    ASSERT_EQ(::mkfifo(path("in/pipe").c_str(), 0600), 0);
    ASSERT_EQ(::setxattr(path("in/file").c_str(), "user.note", "n", 1, 0), 0);
    const Node root = scanned("in");
    const Node& file = root.children.at("file");
    EXPECT_EQ(file.mode, 04711U);
    EXPECT_EQ(file.size, 5U);
    EXPECT_EQ(file.uid, ::getuid());
    EXPECT_EQ(host_path(file, "file"), path("in/file").string());
    EXPECT_EQ(file.link, root.children.at("other").link);
    ASSERT_EQ(file.attributes.size(), 1U);
    EXPECT_EQ(file.attributes[0].name, "user.note");
    EXPECT_EQ(file.attributes[0].value, "n");
    EXPECT_EQ(root.children.at("link").target, "/nowhere/at all");
    EXPECT_EQ(root.children.at("pipe").kind, Node::Kind::fifo);
}

TEST_F(TreeTest, RulesChangeOwnersAndDates) {
    write("in/new", "x", 0777);
    write("in/old", "x");
    run("touch", {"-d", "@1000", path("in/old")});
    const Node clamped = scanned("in", {.owner_root = true, .youngest = 5000, .made_at = {}});
    EXPECT_EQ(clamped.children.at("new").mtime, 5000);
    EXPECT_EQ(clamped.children.at("old").mtime, 1000);
    EXPECT_EQ(clamped.children.at("new").uid, 0U);
    EXPECT_EQ(clamped.children.at("new").mode, 0777U);
    const Node made = scanned("in", {.owner_root = false, .youngest = {}, .made_at = 7000});
    EXPECT_EQ(made.mtime, 7000);
    EXPECT_EQ(made.children.at("old").mtime, 7000);
    EXPECT_EQ(made.children.at("new").mode, 0644U);
    EXPECT_EQ(made.children.at("new").host_mode, 0777U);
}

TEST_F(TreeTest, LeavesSocketsOutAndSaysSo) {
    write("in/file", "x");
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = path("in/socket").string();
    ASSERT_LT(name.size(), sizeof(address.sun_path));
    std::ranges::copy(name, address.sun_path);
    const void* raw = &address;
    ASSERT_EQ(::bind(socket, static_cast<const struct sockaddr*>(raw), sizeof(address)), 0);
    EXPECT_THAT(paths_of(scanned("in")), ElementsAre("/file"));
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr("in/socket is a socket")));
    ::close(socket);
}

TEST_F(TreeTest, TakesAPartOutAndLeavesItsMountPoint) {
    write("in/boot/efi/EFI/x", "x");
    write("in/boot/y", "y");
    std::filesystem::permissions(path("in/boot/efi"), std::filesystem::perms::owner_all);
    Node root = scanned("in");
    const auto efi = take(root, "/boot/efi", 1, "in");
    ASSERT_TRUE(efi);
    EXPECT_THAT(paths_of(*efi), ElementsAre("/EFI", "/EFI/x"));
    EXPECT_EQ(efi->mode, 0700U);
    EXPECT_THAT(paths_of(root), ElementsAre("/boot", "/boot/efi", "/boot/y"));
    EXPECT_EQ(root.children["boot"].children["efi"].mode, 0700U);
    const auto home = take(root, "/home", 1, "in");
    ASSERT_TRUE(home);
    EXPECT_THAT(paths_of(*home), IsEmpty());
    EXPECT_TRUE(root.children.contains("home"));
}

TEST_F(TreeTest, ALinkIsNoDirectory) {
    write("in/real/x", "x");
    std::filesystem::create_symlink("real", path("in/boot"));
    Node root = scanned("in");
    const auto taken = take(root, "/boot/efi", 1, "in");
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().message(), HasSubstr("/boot is a symbolic link to real"));
}

TEST_F(TreeTest, LaysOneTreeOnAnother) {
    write("base/a/one", "1", 0600);
    write("base/a/two", "2");
    write("over/a/two", "new");
    write("over/b", "b");
    std::filesystem::permissions(path("base/a"), std::filesystem::perms::owner_all);
    Node base = scanned("base");
    Node over = scanned("over");
    over.children["a"].grows = true;
    ASSERT_TRUE(overlay(base, std::move(over), ""));
    EXPECT_TRUE(base.children["a"].grows);
    EXPECT_THAT(paths_of(base), ElementsAre("/a", "/a/one", "/a/two", "/b"));
    EXPECT_EQ(base.children["a"].mode, 0700U);
    EXPECT_EQ(host_path(base.children["a"].children["two"], "two"), path("over/a/two").string());

    write("wrong/a", "a file");
    const auto mixed = overlay(base, scanned("wrong"), "/mnt");
    ASSERT_FALSE(mixed);
    EXPECT_THAT(mixed.error().message(), HasSubstr("/mnt/a: a directory and something else"));
}

TEST_F(TreeTest, RemovesWhatIsThere) {
    write("in/a/b/c", "x");
    Node root = scanned("in");
    remove(root, "/a/x/y");
    remove(root, "/a/b/c/d");
    EXPECT_THAT(paths_of(root), ElementsAre("/a", "/a/b", "/a/b/c"));
    remove(root, "/a/b");
    EXPECT_THAT(paths_of(root), ElementsAre("/a"));
}

}  // namespace
}  // namespace cordwainer::image::test
