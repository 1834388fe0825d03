#include "cli/try.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/bytes.h"
#include "sys/file_io.h"
#include "tests/support/run_command.h"
#include "tests/support/run_program.h"

namespace cordwainer::cli {
namespace {

using testing::HasSubstr;

// An image whose boot code stops at once: cli, hlt.
class Try : public testing::Test {
  protected:
    void SetUp() override {
        auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
        ASSERT_TRUE(directory);
        directory_.emplace(std::move(*directory));
        Bytes disk(1U << 20U);
        ASSERT_TRUE(put_le(disk, 0, 2, 0xf4fa));
        ASSERT_TRUE(put_le(disk, 510, 2, 0xaa55));
        ASSERT_TRUE(write_durably(image(), disk));
    }

    [[nodiscard]] std::string image() const { return directory_->path() / "disk.img"; }

    std::optional<TemporaryDirectory> directory_;
};

TEST_F(Try, SaysWhatWouldRun) {
    Common common;
    common.json = true;
    const auto ran = test::run_command(try_command(), {image()}, common);
    EXPECT_EQ(ran.status, kDone) << ran.error;
    const auto json = nlohmann::json::parse(ran.output, nullptr, false);
    ASSERT_TRUE(json.is_object()) << ran.output;
    EXPECT_EQ(json["format"], "cordwainer-try/1");
    EXPECT_EQ(json["firmware"], "bios");
    EXPECT_EQ(json["architecture"], "x86_64");
    EXPECT_EQ(json["ran"], false);
    EXPECT_TRUE(json["screenshot"].is_null());
    EXPECT_EQ(json["command"][0], "qemu-system-x86_64");
}

TEST_F(Try, TakesAPictureAndChangesNothing) {
    const auto before = digest_file(image());
    const std::string picture = directory_->path() / "p.png";
    const auto ran = test::run_command(
        try_command(), {image(), "--screenshot", picture, "--after", "0", "--memory", "64"}, {});
    ASSERT_EQ(ran.status, kDone) << ran.error;
    EXPECT_EQ(ran.output, picture + "\n");
    EXPECT_THAT(read_text_file(picture).value_or(""), testing::StartsWith("\x89PNG"));
    EXPECT_EQ(digest_file(image())->digest, before->digest);
}

TEST_F(Try, RefusesWhatDoesNotBootThatWay) {
    const auto ran = test::run_command(try_command(), {image(), "--uefi"}, {});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, testing::StartsWith("try " + image() + ": "));
    EXPECT_THAT(ran.error, HasSubstr("it boots with --bios"));
}

TEST_F(Try, NamesThePackageOfMissingPrograms) {
    const auto ran = test::run_program({"try", image()}, "", {{"PATH", "/nonexistent"}});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_EQ(ran.errors,
              "cordwainer: the program qemu-system-x86_64 is not installed (Debian package "
              "qemu-system-x86)\n");
}

TEST_F(Try, TakesTheMachineWithItWhenItIsStopped) {
    // Stopped once the machine runs. The last number counts machines that still have the image
    // open.
    const std::string machines =
        "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c '[f]ile=" + image() + "$'";
    const std::string script = "\"$0\" try " + image() +
                               " --memory 64 >/dev/null & "
                               "for i in $(seq 300); do [ $(" +
                               machines +
                               ") = 0 ] || break; sleep 0.1; done; "
                               "kill -TERM $!; wait $!; echo $? >&2; " +
                               machines + " >&2; true";
    const auto done = spawn({.arguments = {"sh", "-c", script, CORDWAINER_PROGRAM}});
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_THAT(done->errors, testing::EndsWith("stopped by a signal\n1\n0\n"));
}

}  // namespace
}  // namespace cordwainer::cli
