#include "cli/qmp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer::cli {
namespace {

// Starts a QEMU that has nothing to boot and talks to it.
Result<void> picture_of_nothing(const std::filesystem::path& directory,
                                const std::vector<std::string>& more,
                                const std::filesystem::path& picture) {
    SpawnRequest request;
    request.arguments = {"qemu-system-x86_64",
                         "-accel",
                         "tcg",
                         "-display",
                         "none",
                         "-nic",
                         "none",
                         "-m",
                         "32",
                         "-S",
                         "-qmp",
                         "unix:qmp,server=on,wait=off"};
    request.arguments.insert(request.arguments.end(), more.begin(), more.end());
    request.directory = directory;
    request.timeout = std::chrono::seconds(60);
    request.meanwhile = [&](const std::function<bool()>& running) {
        return take_picture(directory, std::chrono::milliseconds(100), picture, running);
    };
    const auto done = spawn(request);
    if (!done) return done.error();
    return {};
}

class TakePicture : public testing::Test {
  protected:
    void SetUp() override {
        auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
        ASSERT_TRUE(directory);
        // Longer than a socket's address.
        folder_ = directory->path() / std::string(150, 'x');
        std::filesystem::create_directory(folder_);
        directory_.emplace(std::move(*directory));
    }

    std::optional<TemporaryDirectory> directory_;
    std::filesystem::path folder_;
};

TEST_F(TakePicture, MakesAPngAndEndsTheMachine) {
    const auto done = picture_of_nothing(folder_, {}, folder_ / "screen.png");
    ASSERT_TRUE(done) << done.error().message();
    const auto bytes = read_file(folder_ / "screen.png");
    ASSERT_TRUE(bytes) << bytes.error().message();
    EXPECT_THAT(to_text(*bytes), testing::StartsWith("\x89PNG\r\n\x1a\n"));
}

TEST_F(TakePicture, TellsWhyTheMachineDidNotStart) {
    const auto done = picture_of_nothing(folder_, {"-no-such-option"}, folder_ / "screen.png");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::tool_failed);
    EXPECT_THAT(done.error().message(), testing::HasSubstr("-no-such-option"));
}

TEST_F(TakePicture, TellsWhatTheMachineRefused) {
    const auto done = picture_of_nothing(folder_, {}, folder_ / "no/such/folder/screen.png");
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message(), testing::HasSubstr("the machine refused a command: "));
}

}  // namespace
}  // namespace cordwainer::cli
