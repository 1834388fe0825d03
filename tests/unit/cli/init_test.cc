#include "cli/init.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run_command.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::run_command;
using test::SystemTree;
using ::testing::HasSubstr;

TEST(Init, KeepsAConfigurationThatIsThere) {
    const SystemTree tree;
    tree.file("/etc/cordwainer/config.toml", "mine");
    Common common;
    common.root = tree.path().string();
    common.state = tree.outside("/var/lib/cordwainer");
    common.config = tree.outside("/etc/cordwainer/config.toml");
    const auto ran = run_command(init_command(), {"--yes"}, common);
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr(common.config + " exists"));
    EXPECT_THAT(ran.error, HasSubstr("--force"));
    EXPECT_EQ(tree.content("/etc/cordwainer/config.toml"), "mine");
}

TEST(Init, KeepsALinkThatLeadsNowhere) {
    const SystemTree tree;
    tree.link("/etc/cordwainer/config.toml", "/gnu/store/none");
    Common common;
    common.root = tree.path().string();
    common.config = tree.outside("/etc/cordwainer/config.toml");
    EXPECT_THAT(run_command(init_command(), {"--yes"}, common).error, HasSubstr("exists"));
}

}  // namespace
}  // namespace cordwainer::cli
