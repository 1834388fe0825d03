#include "cli/list.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output.h"
#include "core/utf8.h"
#include "tests/support/run_command.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::bzimage;
using test::Ran;
using test::run_command;
using test::SystemTree;

class List : public testing::Test {
  protected:
    List() {
        common_.root = tree_.path().string();
        common_.config = tree_.outside("/etc/cordwainer/config.toml");
        common_.state = tree_.outside("/var/lib/cordwainer");
        tree_.file("/k", bzimage("6.12.1-gnu"));
    }

    void add_guix(const std::string& directory, int number, const std::string& label) const {
        const std::string system = "/gnu/store/" + label;
        tree_.file(system + "/parameters",
                   "(boot-parameters (version 1) (label \"" + label +
                       "\") (root-device \"r\") (kernel \"/k\"))");
        tree_.link(directory + "/system-" + std::to_string(number) + "-link", system);
    }

    void add_native(const std::string& state) const {
        tree_.file(state + "/generations/4/boot.json",
                   R"({"format": "cordwainer-boot-parameters/2", "label": "native", "kernel": "/k",
                       "command_line": "", "created": "2026-11-22T10:00:00Z"})");
    }

    [[nodiscard]] Ran list(const std::vector<std::string>& arguments = {}) const {
        return run_command(list_command(), arguments, common_);
    }

    // The labels that are listed.
    std::string labels(const std::vector<std::string>& arguments = {}) {
        common_.json = true;
        const Ran ran = list(arguments);
        EXPECT_EQ(ran.status, kDone) << ran.error;
        const Json json = Json::parse(ran.output, nullptr, false);
        std::string text;
        for (const Json& generation : json["generations"]) {
            text += generation["label"].get<std::string>() + ";";
        }
        return text;
    }

    SystemTree tree_;
    Common common_;
};

TEST_F(List, IsOneJsonDocument) {
    add_guix("/var/guix/profiles", 1, "guix");
    tree_.link("/var/guix/profiles/system-2-link", "/gnu/store/missing");
    common_.json = true;
    const Ran ran = list();
    EXPECT_EQ(ran.status, kDone);
    EXPECT_EQ(ran.complaints, "");
    const Json json = Json::parse(ran.output);
    EXPECT_EQ(json["format"], "cordwainer-generations/1");
    EXPECT_EQ(json["generations"].size(), 1U);
    EXPECT_EQ(json["generations"][0]["kernel_version"], "6.12.1-gnu");
    EXPECT_EQ(json["skipped"][0]["path"], "/var/guix/profiles/system-2-link");
}

TEST_F(List, IsATableForPeople) {
    add_guix("/var/guix/profiles", 1, "guix");
    tree_.link("/var/guix/profiles/system-2-link", "/gnu/store/missing");
    const Ran ran = list();
    EXPECT_EQ(ran.status, kDone);
    EXPECT_NE(ran.output.find("guix"), std::string::npos);
    EXPECT_NE(ran.complaints.find("/var/guix/profiles/system-2-link is skipped: "),
              std::string::npos);
}

TEST_F(List, SaysWhereItLookedWhenThereIsNothing) {
    const Ran ran = list();
    EXPECT_EQ(ran.status, kDone);
    EXPECT_NE(ran.output.find(tree_.outside("/var/lib/cordwainer/generations/N")),
              std::string::npos);
    common_.json = true;
    const Json json = Json::parse(list().output);
    EXPECT_EQ(json["generations"], Json::array());
    EXPECT_EQ(json["skipped"], Json::array());
}

TEST_F(List, LooksWhereTheOptionsAndTheConfigurationSay) {
    add_guix("/var/guix/profiles", 1, "guix");
    add_guix("/other", 1, "other");
    add_native("/var/lib/cordwainer");
    EXPECT_EQ(labels(), "guix;");
    EXPECT_EQ(labels({"--source", "native"}), "native;");
    EXPECT_EQ(labels({"--profile", "/other/system"}), "other;");
    EXPECT_EQ(labels({"--profile", "/other"}), "other;");
    tree_.file("/etc/cordwainer/config.toml",
               "bootloader = \"none\"\n[generations]\nprofile = \"/other/system\"\n");
    EXPECT_EQ(labels(), "other;");
    EXPECT_EQ(labels({"--profile", "/var/guix/profiles/system"}), "guix;");
    EXPECT_EQ(labels({"--source", "native"}), "native;");
    tree_.file("/etc/cordwainer/config.toml",
               "bootloader = \"none\"\n[generations]\nsource = \"native\"\n");
    EXPECT_EQ(labels(), "native;");
}

TEST_F(List, ReadsNativeGenerationsOfAStateDirectoryInside) {
    add_native("/state");
    EXPECT_EQ(labels(), "");
    common_.state = tree_.outside("/state");
    common_.state_given = true;
    EXPECT_EQ(labels(), "native;");
    // What lies outside is no part of the system.
    add_native("/var/lib/cordwainer");
    const SystemTree elsewhere;
    common_.state = elsewhere.path().string();
    EXPECT_EQ(labels(), "native;");
}

TEST_F(List, WritesNothing) {
    add_guix("/var/guix/profiles", 1, "guix");
    common_.state = tree_.outside("/state");
    common_.state_given = true;
    (void)list();
    EXPECT_FALSE(std::filesystem::exists(common_.state));
}

TEST_F(List, IsStrictUtf8) {
    add_guix("/var/guix/profiles", 1, "caf\xe9");
    common_.json = true;
    const Ran ran = list();
    EXPECT_TRUE(is_utf8(ran.output));
    EXPECT_EQ(Json::parse(ran.output)["generations"][0]["label"], "caf\xef\xbf\xbd");
    common_.json = false;
    EXPECT_TRUE(is_utf8(list().output));
}

TEST_F(List, FailsWithoutARoot) {
    common_.root = tree_.outside("/missing");
    const Ran ran = list();
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_NE(ran.error.find(common_.root), std::string::npos);
}

}  // namespace
}  // namespace cordwainer::cli
