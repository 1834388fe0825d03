#include "host/profiles.h"

#include <gtest/gtest.h>
#include <string>

#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

using test::SystemTree;
using Asked = GenerationsRequest::Source;

constexpr const char* kParameters =
    "(boot-parameters (version 1) (label \"guix\") (root-device \"r\") (kernel \"/k\"))";
constexpr const char* kBootJson =
    R"({"format": "cordwainer-boot-parameters/2", "label": "native", "kernel": "/k",
        "command_line": "", "created": "2026-11-22T10:00:00Z"})";

class Profiles : public testing::Test {
  protected:
    Profiles() {
        tree_.file("/var/lib/cordwainer/generations/1/boot.json", kBootJson);
        tree_.file("/k", "kernel");
    }

    void add_guix() const {
        tree_.file("/gnu/store/s/parameters", kParameters);
        tree_.link("/var/guix/profiles/system-1-link", "/gnu/store/s");
    }

    std::string labels(Asked source) {
        request_.source = source;
        DigestCache cache;
        const auto generations = read_generations(tree_.root(), request_, cache);
        EXPECT_TRUE(generations) << generations.error().message();
        std::string text;
        for (const Generation& g : generations->list) text += g.parameters.label + ";";
        return text;
    }

    std::string place(Asked source) {
        request_.source = source;
        const auto place = generations_place(tree_.root(), request_);
        return place ? place->substr(tree_.root().path().size()) : place.error().message();
    }

    SystemTree tree_;
    GenerationsRequest request_;
};

TEST_F(Profiles, AreNativeWithoutAGuixProfile) {
    EXPECT_EQ(labels(Asked::automatic), "native;");
    EXPECT_EQ(place(Asked::automatic), "/var/lib/cordwainer/generations/N");
    tree_.link("/var/guix/profiles/other", "x");
    tree_.link("/var/guix/profiles/system-1-link.new", "x");
    EXPECT_EQ(labels(Asked::automatic), "native;");
}

TEST_F(Profiles, AreGuixWithAnyOfItsLinks) {
    add_guix();
    EXPECT_EQ(labels(Asked::automatic), "guix;");
    EXPECT_EQ(place(Asked::automatic), "/var/guix/profiles/system-N-link");
}

TEST_F(Profiles, AreGuixWithTheProfilesLinkAlone) {
    tree_.link("/var/guix/profiles/system", "system-4-link");
    EXPECT_EQ(labels(Asked::automatic), "");
    EXPECT_EQ(place(Asked::automatic), "/var/guix/profiles/system-N-link");
}

TEST_F(Profiles, AreWhatIsAskedFor) {
    EXPECT_EQ(labels(Asked::guix), "");
    add_guix();
    EXPECT_EQ(labels(Asked::guix), "guix;");
    EXPECT_EQ(labels(Asked::native), "native;");
    EXPECT_EQ(place(Asked::native), "/var/lib/cordwainer/generations/N");
}

TEST_F(Profiles, AreFoundWhereTheyAre) {
    tree_.file("/state/generations/3/boot.json", kBootJson);
    request_.state = "/state/";
    EXPECT_EQ(labels(Asked::native), "native;");
    EXPECT_EQ(place(Asked::native), "/state/generations/N");
    add_guix();
    request_.profile = "/elsewhere/system";
    EXPECT_EQ(labels(Asked::automatic), "native;");
}

TEST_F(Profiles, MoveToAnotherGeneration) {
    tree_.file("/var/lib/cordwainer/generations/2/boot.json", kBootJson);
    ASSERT_TRUE(move_current(tree_.root(), request_, 1));
    EXPECT_EQ(tree_.root().read_link("/var/lib/cordwainer/generations/current"), "1");
    add_guix();
    tree_.link("/var/guix/profiles/system-2-link", "/gnu/store/s");
    tree_.link("/var/guix/profiles/system", "system-2-link");
    ASSERT_TRUE(move_current(tree_.root(), request_, 1));
    EXPECT_EQ(tree_.root().read_link("/var/guix/profiles/system"), "system-1-link");
}

TEST_F(Profiles, HaveADirectoryForEachGeneration) {
    EXPECT_EQ(generation_directory(tree_.root(), request_, 7), "/var/lib/cordwainer/generations/7");
    add_guix();
    EXPECT_EQ(generation_directory(tree_.root(), request_, 7), "/var/guix/profiles/system-7-link");
}

}  // namespace
}  // namespace cordwainer
