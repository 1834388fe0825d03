// MountedFiles on a real ext4, looked at from outside by debugfs, which reads the image file as it
// is and replays no journal: what it does not see, a boot loader does not see.
#include "host/mounted_files.h"

#include <atomic>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>

#include "sys/file_io.h"
#include "sys/spawn.h"
#include "tests/support/rel.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;
using test::rel;
using ::testing::AnyOf;

class Mounted : public ::testing::Test {
  protected:
    void SetUp() override {
        auto made = TemporaryDirectory::make({}, "mounted-files-test-");
        ASSERT_TRUE(made);
        scratch_ = std::make_unique<TemporaryDirectory>(std::move(*made));
        image_ = scratch_->path() / "ext4.img";
        mount_ = scratch_->path() / "mount";
        fs::create_directory(mount_);
        if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
        const std::string options = journal() ? "has_journal" : "^has_journal";
        const auto formatted = spawn(
            {.arguments = {"mke2fs", "-q", "-t", "ext4", "-O", options, image_.string(), "32M"}});
        ASSERT_TRUE(formatted) << formatted.error().message();
        const auto mounted =
            spawn({.arguments = {"mount", "-o", "loop", image_.string(), mount_.string()}});
        if (!mounted) GTEST_SKIP() << mounted.error().message();
        mounted_ = true;
        auto opened = MountedFiles::open(mount_, "/grub", rel("cordwainer"));
        ASSERT_TRUE(opened) << opened.error().message();
        files_ = std::move(*opened);
    }

    void TearDown() override {
        files_.reset();
        if (!mounted_) return;
        EXPECT_TRUE(spawn({.arguments = {"umount", mount_.string()}}));
    }

    [[nodiscard]] virtual bool journal() const { return true; }

    fs::path source(const std::string& text) {
        const auto path = scratch_->path() / "source";
        EXPECT_TRUE(write_durably(path, as_bytes(text)));
        return path;
    }

    Result<void> stage(const std::string& path, const std::string& text) {
        return files_->stage(rel(path), source(text), sha256(text));
    }

    Result<void> replace(const std::string& path, const std::string& text) {
        return files_->replace(rel(path), source(text), sha256(text));
    }

    // What a reader finds on the medium.
    [[nodiscard]] std::string on_medium(const std::string& path) const {
        const auto read =
            spawn({.arguments = {"debugfs", "-c", "-R", "cat /grub/" + path, image_.string()}});
        return read ? read->output : read.error().message();
    }

    std::unique_ptr<TemporaryDirectory> scratch_;
    fs::path image_;
    fs::path mount_;
    bool mounted_ = false;
    std::unique_ptr<MountedFiles> files_;
};

class MountedWithoutJournal : public Mounted {
  protected:
    [[nodiscard]] bool journal() const override { return false; }
};

TEST_F(Mounted, SettledFilesAreReadWithoutTheJournal) {
    ASSERT_TRUE(stage("cordwainer/k/a.mod", "module a"));
    ASSERT_TRUE(stage("cordwainer/k/b.mod", "module b"));
    EXPECT_EQ(on_medium("cordwainer/k/a.mod"), "") << "settling must be what makes it readable";
    const auto settled = files_->settle();
    ASSERT_TRUE(settled) << settled.error().message();
    EXPECT_EQ(on_medium("cordwainer/k/a.mod"), "module a");
    EXPECT_EQ(on_medium("cordwainer/k/b.mod"), "module b");
}

TEST_F(MountedWithoutJournal, SettlesToo) {
    ASSERT_TRUE(stage("cordwainer/k/a.mod", "module a"));
    const auto settled = files_->settle();
    ASSERT_TRUE(settled) << settled.error().message();
    EXPECT_EQ(on_medium("cordwainer/k/a.mod"), "module a");
}

TEST_F(Mounted, ReplacingIsSettledWhenItReturns) {
    const auto first = replace("grub.cfg", "old menu");
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_EQ(on_medium("grub.cfg"), "old menu");
    ASSERT_TRUE(replace("grub.cfg", "new menu"));
    EXPECT_EQ(on_medium("grub.cfg"), "new menu");
    EXPECT_EQ(read_text_file(mount_ / "grub/grub.cfg").value_or(""), "new menu");
    EXPECT_FALSE(fs::exists(mount_ / "grub/cordwainer")) << "nothing is left over";
}

TEST_F(Mounted, AReaderAtAnyMomentFindsTheOldOrTheNew) {
    const std::string old_menu(20'000, 'o');
    const std::string new_menu(30'000, 'n');
    ASSERT_TRUE(replace("grub.cfg", old_menu));
    std::atomic<bool> done = false;
    std::atomic<int> reads = 0;
    std::string wrong;
    std::thread reader([&] {
        while (!done && wrong.empty()) {
            const std::string text = on_medium("grub.cfg");
            if (text != old_menu && text != new_menu)
                wrong = std::to_string(text.size()) + " bytes: " + text.substr(0, 100);
            ++reads;
        }
    });
    for (int i = 0; i < 20; ++i) {
        const auto replaced = replace("grub.cfg", i % 2 == 0 ? new_menu : old_menu);
        EXPECT_TRUE(replaced);
    }
    done = true;
    reader.join();
    EXPECT_EQ(wrong, "");
    EXPECT_GT(reads, 3);
}

TEST_F(Mounted, WhatACutExchangeLeftGoes) {
    ASSERT_TRUE(replace("grub.cfg", "menu"));
    fs::create_directory(mount_ / "grub/cordwainer");
    ASSERT_TRUE(write_durably(mount_ / "grub/cordwainer/exchange", as_bytes("left")));
    ASSERT_TRUE(files_->write(rel("cordwainer/inventory.0"), as_bytes("inventory")));
    EXPECT_FALSE(fs::exists(mount_ / "grub/cordwainer/exchange"));
    EXPECT_EQ(read_text_file(mount_ / "grub/cordwainer/inventory.0").value_or(""), "inventory");
    ASSERT_TRUE(write_durably(mount_ / "grub/cordwainer/exchange", as_bytes("left")));
    ASSERT_TRUE(replace("grub.cfg", "next"));
    EXPECT_EQ(on_medium("grub.cfg"), "next");
    EXPECT_FALSE(fs::exists(mount_ / "grub/cordwainer/exchange"));
}

TEST_F(Mounted, StampsChangeWithTheFile) {
    ASSERT_TRUE(replace("grub.cfg", "same size"));
    const auto first = files_->look(rel("grub.cfg"));
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->size, 9U);
    const auto again = files_->look(rel("grub.cfg"));
    EXPECT_EQ((*again)->stamp, (*first)->stamp);
    ASSERT_TRUE(write_durably(mount_ / "grub/grub.cfg", as_bytes("size same")));
    const auto changed = files_->look(rel("grub.cfg"));
    ASSERT_TRUE(changed && *changed);
    EXPECT_NE((*changed)->stamp, (*first)->stamp);
    EXPECT_FALSE(*files_->look(rel("none")));
}

TEST_F(Mounted, KnowsItsSpaceAndFailsWhenItIsFull) {
    const auto space = files_->free_space();
    ASSERT_TRUE(space && *space);
    EXPECT_GT((*space)->bytes, 10U << 20U);
    EXPECT_LT((*space)->bytes, 32U << 20U);
    EXPECT_GE((*space)->block_size, 1024U);
    const auto full = stage("cordwainer/large", std::string(40U << 20U, 'x'));
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, Errc::no_space);
    EXPECT_FALSE(fs::exists(mount_ / "grub/cordwainer/large"));
}

TEST(MountedFiles, OtherFileSystemsAreRefusedByName) {
    const auto opened = MountedFiles::open("/proc", "/", rel("cordwainer"));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::unsupported);
    EXPECT_THAT(opened.error().message(), ::testing::HasSubstr("/proc"));
}

}  // namespace
}  // namespace cordwainer
