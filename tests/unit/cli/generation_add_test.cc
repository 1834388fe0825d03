#include "cli/generation_add.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/list.h"
#include "cli/output.h"
#include "sys/spawn.h"
#include "tests/support/run_command.h"
#include "tests/support/run_program.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::bzimage;
using test::Ran;
using test::run_command;
using test::SystemTree;

class GenerationAdd : public testing::Test {
  protected:
    GenerationAdd() {
        tree_.directory("/system");
        common_.root = tree_.outside("/system");
        common_.state = common_.root + "/var/lib/cordwainer";
        common_.config = common_.root + "/etc/cordwainer/config.toml";
        tree_.file("/vmlinuz", bzimage("6.1.0-18-amd64"));
        tree_.file("/initrd", "initrd");
    }

    [[nodiscard]] Ran add(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments = {
            "--kernel", tree_.outside("/vmlinuz"), "--cmdline", "root=LABEL=r quiet"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run_command(generation_add_command(), arguments, common_);
    }

    // The whole command line, for the program itself.
    [[nodiscard]] std::vector<std::string> arguments() const {
        return {"generation",
                "add",
                "--root",
                common_.root,
                "--kernel",
                tree_.outside("/vmlinuz"),
                "--cmdline",
                ""};
    }

    // The generations as `list --json` has them.
    [[nodiscard]] Json listed() const {
        Common common = common_;
        common.json = true;
        return Json::parse(run_command(list_command(), {}, common).output)["generations"];
    }

    SystemTree tree_;
    Common common_;
};

TEST_F(GenerationAdd, PrintsTheNumber) {
    EXPECT_EQ(add().output, "1\n");
    EXPECT_EQ(add().output, "2\n");
    common_.json = true;
    EXPECT_EQ(Json::parse(add().output),
              Json({{"format", "cordwainer-generation-added/1"},
                    {"number", 3},
                    {"path", "/var/lib/cordwainer/generations/3"}}));
}

TEST_F(GenerationAdd, TakesEveryOption) {
    tree_.file("/module", "module");
    const Ran ran = add({"--initrd",
                         tree_.outside("/initrd"),
                         "--initrd",
                         tree_.outside("/initrd"),
                         "--label",
                         "my label",
                         "--device-tree",
                         tree_.outside("/initrd"),
                         "--module",
                         tree_.outside("/module") + " a  b=c",
                         "--module",
                         tree_.outside("/module"),
                         "--store-device",
                         "uuid=1c31-a17c",
                         "--store-mount-point",
                         "/var",
                         "--directory-prefix",
                         "/@var",
                         "--crypto-device",
                         "9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821",
                         "--created",
                         "2026-11-22T10:00:00Z"});
    ASSERT_EQ(ran.status, kDone) << ran.error;
    const Json generation = listed()[0];
    EXPECT_EQ(generation["label"], "my label");
    EXPECT_EQ(generation["initrds"].size(), 2U);
    EXPECT_EQ(generation["command_line"], "root=LABEL=r quiet cordwainer.generation=1");
    EXPECT_EQ(generation["created"], "2026-11-22T10:00:00Z");
    EXPECT_EQ(generation["multiboot_modules"][0].size(), 3U);
    EXPECT_EQ(generation["multiboot_modules"][0][2], "b=c");
    EXPECT_EQ(generation["multiboot_modules"][1].size(), 1U);
    EXPECT_EQ(generation["store"],
              Json({{"device", {{"uuid", "1C31-A17C"}}},
                    {"mount_point", "/var"},
                    {"directory_prefix", "/@var"},
                    {"crypto_devices", {"9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821"}}}));
    EXPECT_EQ(generation["problems"], Json::array());
}

TEST_F(GenerationAdd, HasDefaults) {
    ASSERT_EQ(add().status, kDone);
    ASSERT_EQ(add({"--no-current", "--store-device", "label=my root"}).status, kDone);
    const Json generations = listed();
    EXPECT_EQ(generations[0]["label"], "Linux 6.1.0-18-amd64");
    EXPECT_EQ(generations[0]["current"], true);
    EXPECT_EQ(generations[1]["current"], false);
    EXPECT_EQ(generations[0]["store"]["device"], nullptr);
    EXPECT_EQ(generations[1]["store"]["device"], Json({{"label", "my root"}}));
    EXPECT_GE(generations[0]["created"].get<std::string>(), "2026");
}

TEST_F(GenerationAdd, RefusesAMissingFile) {
    const Ran ran = add({"--initrd", tree_.outside("/missing")});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_NE(ran.error.find(tree_.outside("/missing")), std::string::npos) << ran.error;
    EXPECT_EQ(ran.output, "");
    EXPECT_TRUE(std::filesystem::is_empty(common_.root));
}

TEST_F(GenerationAdd, NamesTheOptionWhoseTextIsNoUtf8) {
    const Declared declared = generation_add_command().declare();
    for (const std::string option : {"--cmdline", "--label", "--module"}) {
        std::vector<std::string> words = {"--kernel", "k", option, "a\xff"};
        if (option != "--cmdline") words.insert(words.end(), {"--cmdline", ""});
        const CommandLine line =
            read_command_line("generation add", declared.options, declared.one_of, words);
        ASSERT_TRUE(line.wrong) << option;
        EXPECT_EQ(*line.wrong, option + ": must be text in UTF-8, not \"a\ufffd\"");
    }
}

TEST_F(GenerationAdd, SaysWhatItDidWhereItsOutputIsLost) {
    const test::ProgramRun ran = test::run_program(arguments(), ">/dev/full");
    EXPECT_EQ(ran.status, kPartial);
    EXPECT_NE(ran.errors.find("generation 1 is added"), std::string::npos) << ran.errors;
    EXPECT_EQ(listed().size(), 1U);
}

TEST_F(GenerationAdd, FailsWhereFilesMustNotGrow) {
    const std::string script = "ulimit -f 1; \"$0\" generation add --root " + common_.root +
                               " --kernel " + tree_.outside("/vmlinuz") +
                               " --cmdline ''; echo $? >&2";
    const auto done = spawn({.arguments = {"sh", "-c", script, CORDWAINER_PROGRAM}});
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(
        done->errors,
        "cordwainer: write the copy of " + tree_.outside("/vmlinuz") + ": File too large\n1\n");
    EXPECT_EQ(listed().size(), 0U);
}

TEST_F(GenerationAdd, RefusesAStateDirectoryOutsideTheSystem) {
    common_.state = tree_.outside("/state");
    common_.state_given = true;
    const Ran ran = add();
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_NE(ran.error.find(common_.state), std::string::npos);
    common_.state = common_.root + "/state";
    EXPECT_EQ(add().output, "1\n");
    EXPECT_TRUE(std::filesystem::exists(common_.root + "/state/generations/1/boot.json"));
}

}  // namespace
}  // namespace cordwainer::cli
