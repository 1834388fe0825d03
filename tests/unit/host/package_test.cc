#include "host/package.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

using Base = HostFile::Base;

// A machine and a system, each a directory of its own.
class ReadPackage : public testing::Test {
  protected:
    void SetUp() override {
        auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
        ASSERT_TRUE(directory);
        directory_.emplace(std::move(*directory));
        for (const char* name : {"machine", "system"}) {
            std::filesystem::create_directory(directory_->path() / name);
        }
        machine_.emplace(root("machine"));
        system_.emplace(root("system"));
    }

    Root root(const std::string& name) {
        auto opened = Root::open(directory_->path() / name);
        EXPECT_TRUE(opened);
        return std::move(*opened);
    }

    void write(const std::string& name, const std::string& text) {
        const std::filesystem::path path = directory_->path() / name;
        std::filesystem::create_directories(path.parent_path());
        ASSERT_TRUE(write_durably(path, as_bytes(text)));
    }

    Result<Package> read(const PackageRequest& request) {
        return read_package(request, {*machine_, digests_}, {*system_, system_digests_});
    }

    std::optional<TemporaryDirectory> directory_;
    std::optional<Root> machine_;
    std::optional<Root> system_;
    DigestCache digests_;
    DigestCache system_digests_;
};

PackageRequest::Files files(const std::string& directory, const std::string& suffix) {
    PackageRequest::Files wanted;
    wanted.directory = directory;
    wanted.suffix = suffix;
    return wanted;
}

TEST_F(ReadPackage, TakesFilesOfTheSuffixWithDigestAndSize) {
    write("machine/usr/lib/x/a.mod", "module a");
    write("machine/usr/lib/x/b.lst", "list");
    write("machine/usr/lib/x/deeper.mod/c.mod", "not recursive");
    const auto package = read({.files = {files("/usr/lib/x", ".mod")}, .programs = {}});
    ASSERT_TRUE(package) << package.error().message();
    ASSERT_EQ(package->files.size(), 1U);
    const auto& [path, file] = *package->files.begin();
    EXPECT_EQ(path, "/usr/lib/x/a.mod");
    EXPECT_EQ(file.source, (HostFile{Base::machine, path, sha256("module a"), 8}));
    EXPECT_TRUE(file.text.empty());
    EXPECT_TRUE(package->system_files.empty());
}

TEST_F(ReadPackage, FollowsLinksAndLeavesOutBrokenOnes) {
    write("machine/store/kernel", "content");
    write("machine/d/other", "x");
    std::filesystem::create_symlink("/store/kernel", directory_->path() / "machine/d/link");
    std::filesystem::create_symlink("/nowhere", directory_->path() / "machine/d/broken");
    const auto package = read({.files = {files("/d", "")}, .programs = {}});
    ASSERT_TRUE(package) << package.error().message();
    ASSERT_EQ(package->files.size(), 2U);
    EXPECT_EQ(package->files.at("/d/link").source.digest, sha256("content"));
}

TEST_F(ReadPackage, ReadsTextsWhereAsked) {
    write("machine/d/moddep.lst", "a: b");
    PackageRequest::Files wanted = files("/d", "moddep.lst");
    wanted.with_text = true;
    const auto package =
        read({.files = {files("/d", ""), wanted, files("/d", "")}, .programs = {}});
    ASSERT_TRUE(package) << package.error().message();
    EXPECT_EQ(package->files.at("/d/moddep.lst").text, "a: b");
    EXPECT_EQ(package->files.at("/d/moddep.lst").source.digest, sha256("a: b"));
}

TEST_F(ReadPackage, KeepsTheSystemsFilesApart) {
    write("machine/share/p.png", "the machine's");
    write("system/share/p.png", "the system's");
    PackageRequest::Files wanted = files("/share", "p.png");
    wanted.base = Base::system;
    const auto package = read({.files = {wanted}, .programs = {}});
    ASSERT_TRUE(package) << package.error().message();
    EXPECT_TRUE(package->files.empty());
    EXPECT_EQ(package->system_files.at("/share/p.png").source,
              (HostFile{Base::system, "/share/p.png", sha256("the system's"), 12}));
}

TEST_F(ReadPackage, NeedsDirectoriesThatAreNotOptional) {
    PackageRequest::Files wanted = files("/none", "");
    const auto refused = read({.files = {wanted}, .programs = {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::not_found);
    EXPECT_THAT(refused.error().message(), testing::HasSubstr("/none"));
    wanted.optional = true;
    EXPECT_TRUE(read({.files = {wanted}, .programs = {}}));
}

}  // namespace
}  // namespace cordwainer
