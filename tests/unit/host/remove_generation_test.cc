#include "host/remove_generation.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

using test::SystemTree;
using ::testing::HasSubstr;

class RemoveGeneration : public testing::Test {
  protected:
    void add_guix(int number, const std::string& item) const {
        tree_.file(
            "/gnu/store/" + item + "/parameters",
            "(boot-parameters (version 1) (label \"g\") (root-device \"r\") (kernel \"/k\"))");
        tree_.link("/var/guix/profiles/system-" + std::to_string(number) + "-link",
                   "/gnu/store/" + item);
    }

    void add_native(int number) const {
        const std::string directory =
            "/var/lib/cordwainer/generations/" + std::to_string(number) + "/";
        tree_.file(directory + "boot.json",
                   R"({"format": "cordwainer-boot-parameters/2", "label": "n", "kernel": "k",
                       "command_line": "", "created": "2026-11-22T10:00:00Z"})");
        tree_.file(directory + "k", "kernel");
    }

    [[nodiscard]] Generations read() const {
        DigestCache cache;
        return *read_generations(tree_.root(), request_, cache);
    }

    [[nodiscard]] bool exists(const std::string& path) const {
        return std::filesystem::exists(std::filesystem::symlink_status(tree_.outside(path)));
    }

    SystemTree tree_;
    GenerationsRequest request_;
};

TEST_F(RemoveGeneration, TakesAwayTheLinkOfAGuixGeneration) {
    add_guix(1, "a");
    add_guix(2, "b");
    const GenerationId first = id_of(read().list[0]);
    const auto removed = remove_generation(tree_.root(), request_, first);
    EXPECT_TRUE(removed) << removed.error().message();
    EXPECT_FALSE(exists("/var/guix/profiles/system-1-link"));
    EXPECT_TRUE(exists("/var/guix/profiles/system-2-link"));
    EXPECT_TRUE(exists("/gnu/store/a"));
    EXPECT_TRUE(remove_generation(tree_.root(), request_, first));  // gone already
}

TEST_F(RemoveGeneration, LetsAnotherOneOfTheNumberBe) {
    add_guix(1, "a");
    const GenerationId before = id_of(read().list[0]);
    add_guix(1, "b");
    const auto removed = remove_generation(tree_.root(), request_, before);
    ASSERT_FALSE(removed);
    EXPECT_THAT(removed.error().message(), HasSubstr("generation 1 is another one by now"));
    EXPECT_TRUE(exists("/var/guix/profiles/system-1-link"));
}

TEST_F(RemoveGeneration, TakesAwayTheDirectoryOfANativeGeneration) {
    add_native(1);
    add_native(2);
    const auto removed = remove_generation(tree_.root(), request_, id_of(read().list[0]));
    EXPECT_TRUE(removed) << removed.error().message();
    EXPECT_FALSE(exists("/var/lib/cordwainer/generations/1"));
    EXPECT_FALSE(exists("/var/lib/cordwainer/generations/.old-1"));
    EXPECT_EQ(read().list.size(), 1U);
    EXPECT_TRUE(removal_leftovers(tree_.root(), request_)->empty());
}

TEST_F(RemoveGeneration, FindsWhatACutLeft) {
    add_native(2);
    tree_.file("/var/lib/cordwainer/generations/.old-1/sub/k", "kernel");
    const auto leftovers = removal_leftovers(tree_.root(), request_);
    ASSERT_TRUE(leftovers) << leftovers.error().message();
    ASSERT_EQ(leftovers->size(), 1U);
    EXPECT_EQ(leftovers->front().bytes, 6U);
    EXPECT_TRUE(remove_leftover(tree_.root(), leftovers->front().path));
    EXPECT_FALSE(exists("/var/lib/cordwainer/generations/.old-1"));
    EXPECT_EQ(read().list.size(), 1U);
}

TEST_F(RemoveGeneration, StaysInsideTheRoot) {
    const SystemTree other;
    other.file("/generations/1/k", "kernel");
    tree_.directory("/var/lib");
    // Inside the system this leads to /elsewhere, whatever lies there on the machine.
    tree_.link("/var/lib/cordwainer", other.path().string());
    const auto removed = remove_generation(tree_.root(), request_, {.number = 1, .identity = "x"});
    EXPECT_TRUE(removed) << removed.error().message();
    EXPECT_TRUE(std::filesystem::exists(other.outside("/generations/1/k")));
}

}  // namespace
}  // namespace cordwainer
