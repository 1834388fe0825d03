#include "host/host_contents.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class HostContentsTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto made = TemporaryDirectory::make({}, "host-contents-test-");
        ASSERT_TRUE(made);
        scratch_ = std::make_unique<TemporaryDirectory>(std::move(*made));
        system_ = fs::canonical(scratch_->path()) / "system";
        state_ = scratch_->path() / "state";
        fs::create_directories(system_ / "gnu/store/x");
        fs::create_directories(state_ / "objects");
        auto root = Root::open(system_.string());
        ASSERT_TRUE(root);
        root_ = std::make_unique<Root>(std::move(*root));
        contents_ = std::make_unique<HostContents>(*root_, state_);
    }

    static HostFile file(HostFile::Base base, const std::string& path, const std::string& text) {
        return {base, path, sha256(text), text.size()};
    }

    std::unique_ptr<TemporaryDirectory> scratch_;
    fs::path system_;
    fs::path state_;
    std::unique_ptr<Root> root_;
    std::unique_ptr<HostContents> contents_;
};

TEST_F(HostContentsTest, FindsFilesOfTheSystemBelowItsRoot) {
    std::ofstream(system_ / "gnu/store/x/bzImage") << "kernel";
    const auto found =
        contents_->locate(file(HostFile::Base::system, "/gnu/store/x/bzImage", "kernel"));
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(*found, system_ / "gnu/store/x/bzImage");
}

TEST_F(HostContentsTest, LinksLeadBelowTheRoot) {
    std::ofstream(system_ / "gnu/store/x/bzImage") << "kernel";
    fs::create_directory(system_ / "boot");
    fs::create_symlink("/gnu/store/x/bzImage", system_ / "boot/kernel");
    fs::create_symlink("/gnu/store", system_ / "store");
    for (const char* path : {"/boot/kernel", "/store/x/bzImage"}) {
        const auto found = contents_->locate(file(HostFile::Base::system, path, "kernel"));
        ASSERT_TRUE(found) << found.error().message();
        EXPECT_EQ(*found, system_ / "gnu/store/x/bzImage");
    }
    fs::create_symlink("/etc/passwd", system_ / "boot/passwd");
    EXPECT_FALSE(contents_->locate(file(HostFile::Base::system, "/boot/passwd", "x")))
        << "the machine's own file";
}

TEST_F(HostContentsTest, FindsFilesOfTheMachineAndObjects) {
    const fs::path machine = scratch_->path() / "module";
    std::ofstream(machine) << "module";
    const auto found = contents_->locate(file(HostFile::Base::machine, machine.string(), "module"));
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, machine);
    const ObjectRef object{sha256("object"), 6};
    const auto missing = contents_->locate(object);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    EXPECT_THAT(missing.error().message(), HasSubstr(object.digest.hex()));
    std::ofstream(state_ / "objects" / object.digest.hex()) << "object";
    EXPECT_EQ(contents_->locate(object).value_or(""), state_ / "objects" / object.digest.hex());
}

TEST_F(HostContentsTest, MissingFilesAreNamed) {
    const auto system = contents_->locate(file(HostFile::Base::system, "/gnu/none", "x"));
    ASSERT_FALSE(system);
    EXPECT_EQ(system.error().code, Errc::not_found);
    EXPECT_THAT(system.error().message(), HasSubstr("/system/gnu/none"));
    const auto machine = contents_->locate(file(HostFile::Base::machine, "/no/such/file", "x"));
    ASSERT_FALSE(machine);
    EXPECT_EQ(machine.error().code, Errc::not_found);
    EXPECT_THAT(machine.error().message(), HasSubstr("/no/such/file"));
    EXPECT_FALSE(contents_->locate(file(HostFile::Base::system, "/gnu/store", "x")))
        << "a directory";
}

TEST_F(HostContentsTest, ReadingComparesDigests) {
    std::ofstream(system_ / "boot.img") << "boot";
    const auto good = contents_->read(file(HostFile::Base::system, "/boot.img", "boot"));
    ASSERT_TRUE(good);
    EXPECT_EQ(to_text(*good), "boot");
    const auto bad = contents_->read(file(HostFile::Base::system, "/boot.img", "another"));
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, Errc::corrupt);
}

}  // namespace
}  // namespace cordwainer
