#include "formats/grub_env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <string>

#include "tests/unit/bootloaders/grub/programs.h"

namespace cordwainer {
namespace {

using ::testing::HasSubstr;

const std::string kFirstLine = "# GRUB Environment Block\n";

std::string block(std::string lines) {
    lines.insert(0, kFirstLine);
    lines.resize(GrubEnv::kSize, '#');
    return lines;
}

std::string error_of(const std::string& bytes) {
    const auto parsed = GrubEnv::parse(bytes, "grubenv");
    return parsed ? "" : parsed.error().message();
}

TEST(GrubEnv, AnEmptyOneIsTheFirstLineAndFilling) {
    EXPECT_EQ(GrubEnv().render(), block(""));
    EXPECT_EQ(GrubEnv().get("next_entry"), std::nullopt);
}

TEST(GrubEnv, VariablesOfOthersStayAsTheyAre) {
    const std::string others = "# a note\nsaved_entry=Debian\nwith#mark=x#y\nline=1\\\n2\\\\\n";
    auto env = GrubEnv::parse(block(others), "grubenv");
    ASSERT_TRUE(env) << env.error().message();
    EXPECT_EQ(env->get("line"), "1\n2\\");
    EXPECT_EQ(env->get("with#mark"), "x#y");
    env->set("next_entry", "a\\b\nc");
    EXPECT_EQ(env->render(), block("next_entry=a\\\\b\\\nc\n" + others));
    EXPECT_EQ(env->get("next_entry"), "a\\b\nc");
    EXPECT_EQ(env->used(), std::string(kFirstLine + "next_entry=a\\\\b\\\nc\n" + others).size());
    env->remove("next_entry");
    EXPECT_EQ(env->render(), block(others));
}

TEST(GrubEnv, AVariableThatStandsTwiceIsSetOnce) {
    auto env = GrubEnv::parse(block("next_entry=1\nx=\nnext_entry=2\n"), "grubenv");
    ASSERT_TRUE(env) << env.error().message();
    EXPECT_EQ(env->get("next_entry"), "2");
    EXPECT_EQ(env->get("x"), "");
    EXPECT_EQ(env->get("next"), std::nullopt);
    env->set("next_entry", "3");
    EXPECT_EQ(env->render(), block("next_entry=3\nx=\n"));
}

TEST(GrubEnv, WhatGrubCannotReadIsRefused) {
    EXPECT_THAT(error_of(""), HasSubstr("0 bytes"));
    EXPECT_THAT(error_of(block("") + "#"), HasSubstr("1025 bytes, not 1024"));
    EXPECT_THAT(error_of(std::string(GrubEnv::kSize, '\0')), HasSubstr("first line"));
    EXPECT_THAT(error_of(block("a=1")), HasSubstr("last line has no end"));
    EXPECT_THAT(error_of(block("a=1\\\n")), HasSubstr("last line has no end"));
    EXPECT_THAT(error_of(block("words\n")), HasSubstr("without \"=\""));
}

TEST(GrubEnv, WhatDoesNotFitIsRefused) {
    GrubEnv env;
    const std::size_t room = GrubEnv::kSize - kFirstLine.size() - std::string("a=\n").size();
    env.set("a", std::string(room, 'x'));
    ASSERT_TRUE(env.render());
    EXPECT_EQ(error_of(*env.render()), "");
    env.set("a", std::string(room + 1, 'x'));
    const auto rendered = env.render();
    ASSERT_FALSE(rendered);
    EXPECT_EQ(rendered.error().code, Errc::no_space);
    EXPECT_THAT(rendered.error().message(), HasSubstr("1025 bytes"));
}

TEST(GrubEnv, AnyValueIsReadBack) {
    rc::check([](const std::string& value) {
        RC_PRE(value.size() < 400);
        GrubEnv env;
        env.set("other", "1");
        env.set("name", value);
        const auto parsed = GrubEnv::parse(env.render().value(), "grubenv");
        RC_ASSERT(parsed && parsed->get("name") == value && parsed->get("other") == "1");
    });
}

// GRUB's own program reads and writes the same block.
class GrubEditenv : public ::testing::Test {
  protected:
    void SetUp() override {
        if (grub::testing::shell("command -v grub-editenv").status != 0) {
            GTEST_SKIP() << "grub-editenv (Debian: grub-common) is not installed";
        }
    }

    void write(const GrubEnv& env) const { directory_.write("grubenv", env.render().value()); }

    [[nodiscard]] GrubEnv read() const {
        const auto parsed =
            GrubEnv::parse(grub::testing::read_file(directory_.path() / "grubenv"), "grubenv");
        EXPECT_TRUE(parsed) << parsed.error().message();
        return parsed ? *parsed : GrubEnv();
    }

    // What grub-editenv prints; it must succeed.
    [[nodiscard]] std::string edit(const std::string& what) const {
        const auto ran = grub::testing::shell("cd " + directory_.path().string() +
                                              " && grub-editenv grubenv " + what);
        EXPECT_EQ(ran.status, 0) << ran.output;
        return ran.output;
    }

  private:
    const grub::testing::TemporaryDirectory directory_;
};

TEST_F(GrubEditenv, ReadsWhatIsWritten) {
    GrubEnv env;
    env.set("odd", "a\\b\nc#d=e");
    env.set("next_entry", "older-generations>generation-12");
    write(env);
    EXPECT_EQ(edit("list"), "next_entry=older-generations>generation-12\nodd=a\\b\nc#d=e\n");
}

TEST_F(GrubEditenv, WritesWhatIsRead) {
    EXPECT_EQ(edit("create"), "");
    EXPECT_EQ(edit("set 'a=x#y' 'b=back\\slash' next_entry=5 \"c=$(printf '1\\n2')\""), "");
    EXPECT_EQ(read().get("b"), "back\\slash");
    EXPECT_EQ(read().get("c"), "1\n2");
    EXPECT_EQ(read().get("next_entry"), "5");

    // Ours, used by GRUB as `save_env` does it, and set again.
    GrubEnv env = read();
    env.set("next_entry", "older-generations>generation-3");
    write(env);
    EXPECT_EQ(edit("set next_entry="), "");
    EXPECT_EQ(read().get("next_entry"), "");
    EXPECT_EQ(read().get("a"), "x#y");
    env = read();
    env.set("next_entry", "older-generations>generation-4");
    write(env);
    EXPECT_EQ(edit("list"),
              "next_entry=older-generations>generation-4\na=x#y\nb=back\\slash\nc=1\n2\n");
}

}  // namespace
}  // namespace cordwainer
