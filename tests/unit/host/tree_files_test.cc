#include "host/tree_files.h"

#include <chrono>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/stat.h>

#include "sys/file_io.h"
#include "tests/support/rel.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;
using test::rel;

class Tree : public ::testing::Test {
  protected:
    void SetUp() override {
        auto made = TemporaryDirectory::make({}, "tree-files-test-");
        ASSERT_TRUE(made);
        scratch_ = std::make_unique<TemporaryDirectory>(std::move(*made));
        tree_ = scratch_->path() / "tree";
        fs::create_directory(tree_);
        outside_ = scratch_->path() / "outside";
        fs::create_directory(outside_);
        open("/boot/grub");
    }

    void open(const std::string& path) {
        auto opened = TreeFiles::open(tree_, path);
        ASSERT_TRUE(opened) << opened.error().message();
        files_ = std::move(*opened);
    }

    fs::path source(const std::string& text) {
        auto path = scratch_->path() / "source";
        EXPECT_TRUE(write_durably(path, as_bytes(text)));
        return path;
    }

    Result<void> stage(const std::string& path, const std::string& text) {
        return files_->stage(rel(path), source(text), sha256(text));
    }

    [[nodiscard]] std::string text(const std::string& path) const {
        return read_text_file(tree_ / path).value_or("nothing");
    }

    static unsigned mode(const fs::path& path) {
        struct stat status{};
        EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
        return status.st_mode & 07777U;
    }

    std::unique_ptr<TemporaryDirectory> scratch_;
    fs::path tree_;
    fs::path outside_;
    std::unique_ptr<TreeFiles> files_;
};

TEST_F(Tree, StagesFilesAndMakesDirectories) {
    ASSERT_TRUE(stage("cordwainer/k/normal.mod", "module"));
    EXPECT_EQ(text("boot/grub/cordwainer/k/normal.mod"), "module");
    ASSERT_TRUE(stage("cordwainer/k/normal.mod", "again")) << "a leftover is written anew";
    EXPECT_EQ(text("boot/grub/cordwainer/k/normal.mod"), "again");
    ASSERT_TRUE(stage("other/file", "x"));
    EXPECT_EQ(text("boot/grub/other/file"), "x");
}

TEST_F(Tree, ModesDoNotDependOnTheUmask) {
    const mode_t old = ::umask(077);
    const auto done = stage("cordwainer/k/a", "x");
    const auto written = files_->write(rel("cordwainer/inventory.0"), as_bytes("i"));
    ::umask(old);
    ASSERT_TRUE(done && written);
    EXPECT_EQ(mode(tree_ / "boot/grub/cordwainer/k/a"), 0644U);
    EXPECT_EQ(mode(tree_ / "boot/grub/cordwainer/inventory.0"), 0644U);
    EXPECT_EQ(mode(tree_ / "boot/grub/cordwainer/k"), 0755U);
    EXPECT_EQ(mode(tree_ / "boot/grub/cordwainer"), 0755U);
}

TEST_F(Tree, WrongBytesAreCorruptAndLeaveNothing) {
    const auto done = files_->stage(rel("a"), source("real"), sha256("wanted"));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::corrupt);
    EXPECT_FALSE(fs::exists(tree_ / "boot/grub/a"));
    ASSERT_TRUE(stage("live", "old"));
    const auto replaced = files_->replace(rel("live"), source("real"), sha256("wanted"));
    ASSERT_FALSE(replaced);
    EXPECT_EQ(text("boot/grub/live"), "old");
    EXPECT_FALSE(fs::exists(tree_ / "boot/grub/live.new"));
}

TEST_F(Tree, ReplacesAlsoWithWhatIsThere) {
    ASSERT_TRUE(stage("grub.cfg", "old"));
    ASSERT_TRUE(files_->replace(rel("grub.cfg"), source("new"), sha256("new")));
    EXPECT_EQ(text("boot/grub/grub.cfg"), "new");
    ASSERT_TRUE(files_->replace(rel("grub.cfg"), tree_ / "boot/grub/grub.cfg", sha256("new")));
    EXPECT_EQ(text("boot/grub/grub.cfg"), "new");
    EXPECT_EQ(mode(tree_ / "boot/grub/grub.cfg"), 0644U);
}

TEST_F(Tree, LooksAndReads) {
    const auto none = files_->look(rel("a"));
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
    EXPECT_FALSE(*files_->read(rel("no/such/directory")));
    EXPECT_FALSE(*files_->digest(rel("a")));
    ASSERT_TRUE(stage("a", "content"));
    const auto state = files_->look(rel("a"));
    ASSERT_TRUE(state && *state);
    EXPECT_EQ((*state)->size, 7U);
    EXPECT_EQ((*state)->stamp, "") << "an inventory in an image must be reproducible";
    EXPECT_EQ(to_text(**files_->read(rel("a"))), "content");
    EXPECT_EQ(**files_->digest(rel("a")), sha256("content"));
    fs::create_directory(tree_ / "boot/grub/directory");
    EXPECT_FALSE(*files_->look(rel("directory")));
    fs::create_symlink("a", tree_ / "boot/grub/link");
    EXPECT_FALSE(*files_->look(rel("link"))) << "a link is no file of ours";
}

TEST_F(Tree, SaysWhatIsInTheWayOfAFile) {
    const auto why = [&](const std::string& path) {
        const auto checked = files_->check_place(rel(path));
        EXPECT_TRUE(checked || checked.error().code == Errc::refused);
        return checked ? "" : checked.error().message();
    };
    const fs::path grub = tree_ / "boot/grub";
    ASSERT_TRUE(stage("own/file", "content"));
    EXPECT_EQ(why("own/file"), "");
    EXPECT_EQ(why("own/none"), "");
    EXPECT_EQ(why("none/none"), "");
    fs::create_directory(grub / "grub.cfg");
    EXPECT_EQ(why("grub.cfg"),
              (grub / "grub.cfg").string() +
                  " is a directory, and a file is to be there: move it out of the way");
    EXPECT_THAT(why("own/file/below"), ::testing::HasSubstr("own/file is a file, and a directory"));
    // Wherever they lead.
    for (const char* to : {"own/file", "none", "/boot/grub/own"}) {
        fs::create_symlink(to, grub / "link");
        const std::string is = (grub / "link").string() + " is a symbolic link to " + to + ", and ";
        EXPECT_THAT(why("link"), ::testing::StartsWith(is + "a file is to be there"));
        EXPECT_THAT(why("link/file"), ::testing::StartsWith(is + "a directory is to be there"));
        fs::remove(grub / "link");
    }
    ASSERT_EQ(::mkfifo((grub / "pipe").c_str(), 0600), 0);
    EXPECT_THAT(why("pipe"), ::testing::HasSubstr("pipe is something else, and a file"));
}

// The way to a target may lead over links, inside the root.
TEST_F(Tree, ALinkAboveTheTargetIsNotInTheWay) {
    fs::create_directory_symlink("grub", tree_ / "boot/other");
    open("/boot/other");
    ASSERT_TRUE(stage("own/file", "content"));
    EXPECT_TRUE(files_->check_place(rel("own/file")));
    EXPECT_EQ(text("boot/grub/own/file"), "content");
}

// The directory that was looked into last stays open.
TEST_F(Tree, LooksIntoOneDirectoryAfterAnother) {
    const auto has = [&](const char* path) {
        const auto state = files_->look(rel(path));
        EXPECT_TRUE(state) << state.error().message();
        return state && *state;
    };
    ASSERT_TRUE(stage("one/a", "x"));
    ASSERT_TRUE(stage("two/b", "x"));
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(has("one/a"));
        EXPECT_FALSE(has("one/b"));
        EXPECT_TRUE(has("two/b"));
        EXPECT_FALSE(has("two/a"));
        EXPECT_FALSE(has("a"));
        EXPECT_FALSE(has("three/a"));
        EXPECT_FALSE(has("one/a/b")) << "a file is no directory";
    }
    // It may go, and another of its name may come.
    EXPECT_TRUE(has("one/a"));
    ASSERT_TRUE(files_->remove(rel("one/a")));
    EXPECT_FALSE(has("one/a"));
    ASSERT_TRUE(stage("one/a", "x"));
    EXPECT_TRUE(has("one/a"));
}

TEST_F(Tree, RemovesFilesAndEmptyDirectories) {
    ASSERT_TRUE(stage("cordwainer/k/a", "x"));
    ASSERT_TRUE(stage("cordwainer/k/b", "x"));
    ASSERT_TRUE(files_->remove(rel("cordwainer/k/a")));
    EXPECT_TRUE(fs::exists(tree_ / "boot/grub/cordwainer/k/b"));
    ASSERT_TRUE(files_->remove(rel("cordwainer/k/b")));
    EXPECT_FALSE(fs::exists(tree_ / "boot/grub/cordwainer"));
    EXPECT_TRUE(fs::exists(tree_ / "boot/grub")) << "the target itself stays";
    EXPECT_TRUE(files_->remove(rel("cordwainer/k/b")));
    // And it can be written to again.
    ASSERT_TRUE(stage("cordwainer/k/c", "y"));
    EXPECT_EQ(text("boot/grub/cordwainer/k/c"), "y");
}

TEST_F(Tree, AnAbsoluteLinkLeadsInsideTheTree) {
    fs::create_directory(tree_ / "data");
    fs::create_symlink("/data", tree_ / "mnt");
    open("/mnt/grub");
    ASSERT_TRUE(stage("a", "x"));
    EXPECT_EQ(text("data/grub/a"), "x");
    EXPECT_FALSE(fs::exists("/data/grub/a"));
}

TEST_F(Tree, NothingLeadsOutOfTheTree) {
    fs::create_symlink(outside_, tree_ / "boot/grub/cordwainer");
    fs::create_symlink("../../../outside", tree_ / "boot/grub/up");
    fs::create_symlink("../../../outside/made", tree_ / "boot/grub/file");
    // Whether it works or not, it does nothing outside.
    (void)stage("cordwainer/a", "x");
    (void)stage("up/a", "x");
    ASSERT_TRUE(stage("file", "x"));
    EXPECT_TRUE(fs::is_empty(outside_));
    EXPECT_FALSE(fs::is_symlink(tree_ / "boot/grub/file"));
    ASSERT_TRUE(write_durably(outside_ / "kept", as_bytes("kept")));
    (void)files_->remove(rel("up/kept"));
    EXPECT_TRUE(fs::exists(outside_ / "kept"));
    EXPECT_FALSE(TreeFiles::open(tree_, "/boot/../../outside"));
}

TEST_F(Tree, TheTreesOwnRootIsATarget) {
    for (const char* root : {"/", ""}) {
        open(root);
        ASSERT_TRUE(stage("EFI/cordwainer/grubx64.efi", "core"));
        EXPECT_EQ(text("EFI/cordwainer/grubx64.efi"), "core");
        ASSERT_TRUE(files_->remove(rel("EFI/cordwainer/grubx64.efi")));
        EXPECT_FALSE(fs::exists(tree_ / "EFI"));
        EXPECT_TRUE(fs::exists(tree_));
    }
}

TEST_F(Tree, SixHundredModulesAreFast) {
    const fs::path from = source(std::string(6000, 'm'));
    const Digest digest = sha256(std::string(6000, 'm'));
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 600; ++i) {
        ASSERT_TRUE(files_->stage(rel("cordwainer/k/" + std::to_string(i) + ".mod"), from, digest));
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    RecordProperty("milliseconds", static_cast<int>(took.count() * 1000));
    // About 30 ms; a flush for each file alone would be seconds.
    EXPECT_LT(took.count(), 2.0);
}

}  // namespace
}  // namespace cordwainer
