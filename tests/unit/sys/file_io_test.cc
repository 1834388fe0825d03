#include "sys/file_io.h"

#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace cordwainer {
namespace {

using ::testing::HasSubstr;

class FileIo : public ::testing::Test {
  protected:
    void SetUp() override {
        auto made = TemporaryDirectory::make({}, "file-io-test-");
        ASSERT_TRUE(made) << made.error().message();
        scratch_ = std::make_unique<TemporaryDirectory>(std::move(*made));
    }

    [[nodiscard]] std::filesystem::path path(const std::string& name) const {
        return scratch_->path() / name;
    }

    std::unique_ptr<TemporaryDirectory> scratch_;
};

TEST_F(FileIo, WritesDurablyAndReadsBack) {
    const std::string text = "line\n" + std::string(1, '\0') + "end";
    ASSERT_TRUE(write_durably(path("f"), as_bytes(text)));
    EXPECT_EQ(read_text_file(path("f")).value_or(""), text);
    ASSERT_TRUE(write_durably(path("f"), as_bytes("second")));
    EXPECT_EQ(read_text_file(path("f")).value_or(""), "second");

    struct stat status{};
    ASSERT_EQ(::stat(path("f").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0644U);
    int names = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(scratch_->path()))
        ++names;
    EXPECT_EQ(names, 1) << "a temporary file was left";
}

TEST_F(FileIo, WriteDurablyIntoAMissingDirectoryFails) {
    const auto done = write_durably(path("missing/f"), as_bytes("x"));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::not_found);
}

TEST_F(FileIo, ReadingIsBounded) {
    ASSERT_TRUE(write_durably(path("f"), as_bytes("12345")));
    EXPECT_TRUE(read_file(path("f"), 5));
    const auto longer = read_file(path("f"), 4);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().code, Errc::invalid_input);
    EXPECT_THAT(longer.error().message(), HasSubstr(path("f").string()));
    // A file whose size the kernel does not tell.
    const auto endless = read_file("/dev/zero", 1000);
    ASSERT_FALSE(endless);
    EXPECT_EQ(endless.error().code, Errc::invalid_input);
    EXPECT_FALSE(read_text_file("/proc/self/status").value_or("").empty());
}

TEST_F(FileIo, MissingFileIsNotFound) {
    const auto missing = read_file(path("missing"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    EXPECT_THAT(missing.error().message(), HasSubstr(path("missing").string()));
}

TEST_F(FileIo, FullMediumIsNoSpace) {
    const auto fd = open_file("/dev/full", O_WRONLY);
    ASSERT_TRUE(fd);
    const auto done = write_all(*fd, as_bytes("x"), "/dev/full");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::no_space);
}

TEST_F(FileIo, CopiesAndDigestsInOnePass) {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += std::to_string(i);
    ASSERT_TRUE(write_durably(path("from"), as_bytes(text)));
    const auto from = open_file(path("from"), O_RDONLY);
    const auto to = open_file(path("to"), O_WRONLY | O_CREAT | O_EXCL, 0600);
    ASSERT_TRUE(from && to);
    const auto copied = copy_with_digest(*from, "from", *to, "to");
    ASSERT_TRUE(copied);
    EXPECT_EQ(copied->size, text.size());
    EXPECT_EQ(copied->digest, sha256(text));
    EXPECT_EQ(read_text_file(path("to")).value_or(""), text);
    const auto read = digest_file(path("to"));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->digest, sha256(text));
    EXPECT_EQ(read->size, text.size());
}

TEST_F(FileIo, EmptyFile) {
    ASSERT_TRUE(write_durably(path("empty"), {}));
    const auto read = digest_file(path("empty"));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->size, 0U);
    EXPECT_EQ(read->digest, sha256(""));
}

TEST_F(FileIo, ReadsAndWritesAtOffsets) {
    ASSERT_TRUE(write_durably(path("f"), as_bytes("0123456789")));
    const auto fd = open_file(path("f"), O_RDWR);
    ASSERT_TRUE(fd);
    ASSERT_TRUE(write_at(*fd, 3, as_bytes("ab"), "f"));
    const auto part = read_at(*fd, 2, 4, "f");
    ASSERT_TRUE(part);
    EXPECT_EQ(to_text(*part), "2ab5");
    const auto beyond = read_at(*fd, 8, 4, "f");
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, Errc::io);
}

TEST_F(FileIo, TemporaryDirectoryGoesWithItsContent) {
    std::filesystem::path kept;
    {
        auto directory = TemporaryDirectory::make(scratch_->path(), "inner-");
        ASSERT_TRUE(directory);
        TemporaryDirectory moved = std::move(*directory);
        kept = moved.path();
        std::filesystem::create_directories(kept / "a" / "b");
        ASSERT_TRUE(write_durably(kept / "a" / "f", as_bytes("x")));
        EXPECT_TRUE(std::filesystem::exists(kept));
    }
    EXPECT_FALSE(std::filesystem::exists(kept));
    EXPECT_FALSE(TemporaryDirectory::make(path("missing"), "x"));
}

TEST_F(FileIo, TemporaryDirectoryHasAnAbsolutePath) {
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(scratch_->path());
    const auto directory = TemporaryDirectory::make(".", "inner-");
    std::filesystem::current_path(before);
    ASSERT_TRUE(directory);
    EXPECT_TRUE(directory->path().is_absolute());
    EXPECT_TRUE(std::filesystem::exists(directory->path()));
}

TEST(Fd, ClosesAndReports) {
    auto fd = open_file("/dev/null", O_RDONLY);
    ASSERT_TRUE(fd);
    const int number = fd->get();
    Fd moved = std::move(*fd);
    EXPECT_EQ(::fcntl(number, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    EXPECT_TRUE(moved.close("/dev/null"));
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
    EXPECT_FALSE(moved);
    EXPECT_TRUE(moved.close("/dev/null")) << "closing twice closes nothing";
}

}  // namespace
}  // namespace cordwainer
