#include "sys/replace_link.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

using testing::HasSubstr;

class ReplaceLink : public testing::Test {
  protected:
    ReplaceLink() : root_(Root::open(tree_.outside("/")).value()) { tree_.directory("/profiles"); }

    test::SystemTree tree_;
    Root root_;
};

TEST_F(ReplaceLink, MakesAndMovesALink) {
    for (const char* text : {"system-1-link", "system-2-link"}) {
        const auto done = replace_link(root_, "/profiles/system", text);
        ASSERT_TRUE(done) << done.error().message();
        EXPECT_EQ(root_.read_link("/profiles/system"), text);
    }
    EXPECT_EQ(root_.list("/profiles")->size(), 1U);
}

TEST_F(ReplaceLink, WorksBesideTheLeftoverOfARunThatWasCut) {
    std::filesystem::create_symlink("x", tree_.outside("/profiles/.system.cordwainer"));
    ASSERT_TRUE(replace_link(root_, "/profiles/system", "system-3-link"));
    EXPECT_EQ(root_.list("/profiles")->size(), 1U);
}

TEST_F(ReplaceLink, LeavesWhatIsNoLink) {
    tree_.file("/profiles/system", "text");
    const auto done = replace_link(root_, "/profiles/system", "system-1-link");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::refused);
    EXPECT_THAT(done.error().message(), HasSubstr("/profiles/system is no symbolic link"));
    EXPECT_EQ(root_.read("/profiles/system"), "text");
}

TEST_F(ReplaceLink, NeedsTheDirectory) {
    const auto done = replace_link(root_, "/nowhere/system", "x");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::not_found);
}

}  // namespace
}  // namespace cordwainer
