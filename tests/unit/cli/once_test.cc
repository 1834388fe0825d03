#include "cli/once.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/efi_load_option.h"
#include "formats/grub_env.h"
#include "host/firmware_variables.h"
#include "tests/support/boot_world.h"
#include "tests/support/mem_contents.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::MemContents;
using test::rel;
using test::SystemTree;
using ::testing::HasSubstr;

constexpr const char* kBlock = "/boot/grub/cordwainer/grubenv";
constexpr const char* kFirst = "older-generations>generation-1";

std::vector<PlannedTarget> targets() {
    PlannedTarget files{.id = {"files"}, .spec = {}, .uuid = std::nullopt, .own = std::nullopt};
    files.spec.tag = "files";
    files.spec.path = "/boot/grub";
    return {files};
}

std::string block_with(const std::string& entry) {
    GrubEnv block;
    block.set("next_entry", entry);
    return block.render().value();
}

class Once : public testing::Test {
  protected:
    Once() : root_(tree_.root()) {}

    [[nodiscard]] OnceStore grub() const { return *OnceStore::of("grub", targets(), root_); }

    [[nodiscard]] OnceStore variable() const { return *OnceStore::of("systemd-boot", {}, root_); }

    SystemTree tree_;
    Root root_;
};

TEST_F(Once, GrubsIsInItsBlock) {
    EXPECT_EQ(*grub().read(), std::nullopt);
    EXPECT_TRUE(grub().clear());
    tree_.file(kBlock, block_with(kFirst));
    EXPECT_EQ(*grub().read(), kFirst);
    EXPECT_EQ(grub().name(), tree_.outside(kBlock));
    tree_.file(kBlock, block_with(""));
    EXPECT_EQ(*grub().read(), std::nullopt);
    tree_.file(kBlock, std::string(GrubEnv::kSize, '\0'));
    const auto damaged = grub().read();
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, Errc::corrupt);
    EXPECT_THAT(damaged.error().message(), HasSubstr(kBlock));
}

// While all of a block's variables are in its first sector, no write of it can be torn.
TEST_F(Once, ABlockThatIsUsedBeyondItsFirstSectorIsRefused) {
    GrubEnv block;
    block.set("others", std::string(450, 'x'));
    tree_.file(kBlock, block.render().value());
    const auto written = grub().write(kFirst);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::no_space);
    EXPECT_EQ(tree_.content(kBlock), block.render().value());
}

TEST_F(Once, SystemdBootsIsAVariable) {
    const auto nowhere = variable().write("cordwainer-1-0.conf");
    ASSERT_FALSE(nowhere);
    EXPECT_THAT(nowhere.error().message(), HasSubstr("mount -t efivarfs"));
    EXPECT_TRUE(variable().clear());

    const std::string directory = kFirmwareVariables;
    tree_.file(directory + "/BootCurrent-" + kEfiGlobal, std::string(6, '\0'));
    EXPECT_EQ(*variable().read(), std::nullopt);
    ASSERT_TRUE(variable().write("cordwainer-1-0.conf"));
    // Attributes, then UTF-16 with its NUL (Boot Loader Interface).
    const std::string text = tree_.content(directory + "/LoaderEntryOneShot-" + kLoaderVendor);
    EXPECT_EQ(text.substr(0, 8), std::string("\x07\0\0\0c\0o\0", 8));
    EXPECT_EQ(text.size(), 4 + 2 * std::string("cordwainer-1-0.conf").size() + 2);
    EXPECT_TRUE(text.ends_with(std::string("f\0\0\0", 4)));
    EXPECT_EQ(*variable().read(), "cordwainer-1-0.conf");
    ASSERT_TRUE(variable().clear());
    EXPECT_EQ(*variable().read(), std::nullopt);
}

TEST_F(Once, OtherBootloadersHaveNone) {
    EXPECT_FALSE(OnceStore::of("none", targets(), root_));
    EXPECT_FALSE(OnceStore::of("grub", {}, root_));
}

TEST_F(Once, AnEntryOfGrubIsInAMenuThatReadsTheBlock) {
    MemContents contents;
    RealisedPlan plan;
    plan.bootloader = "grub";
    plan.steps.emplace_back(BasicReplaceFile<RealisedSource>{
        {"files"},
        rel("cordwainer/k/grub.cfg"),
        contents.add("menuentry 'One' --id generation-1 {\n}\nsubmenu 'x' {\n}\n")});
    plan.steps.emplace_back(BasicReplaceFile<RealisedSource>{
        {"files"}, rel("grub.cfg"), contents.add("configfile x\n")});
    EXPECT_EQ(*once_entry(plan, 1, contents), std::nullopt) << "nobody would take it away";
    plan.steps.emplace_back(BasicProvideFile<RealisedSource>{
        {"files"}, rel("cordwainer/grubenv"), contents.add(block_with(""))});
    EXPECT_EQ(*once_entry(plan, 1, contents), kFirst);
    EXPECT_EQ(*once_entry(plan, 11, contents), std::nullopt);
}

TEST_F(Once, AnEntryOfSystemdBootIsAFile) {
    MemContents contents;
    RealisedPlan plan;
    plan.bootloader = "systemd-boot";
    for (const char* name : {"cordwainer-11-0.conf", "cordwainer-1-0.conf"}) {
        plan.steps.emplace_back(BasicReplaceFile<RealisedSource>{
            {"esp"}, rel(std::string("loader/entries/") + name), contents.add(name)});
    }
    EXPECT_EQ(*once_entry(plan, 1, contents), "cordwainer-1-0.conf");
    EXPECT_EQ(*once_entry(plan, 2, contents), std::nullopt);
    plan.bootloader = "none";
    EXPECT_EQ(*once_entry(plan, 1, contents), std::nullopt);
}

TEST_F(Once, AnEntryIsForAGenerationOfTheMenu) {
    Installed installed{.bootloader = "grub", .boots = {}};
    installed.generations = {{.number = 1, .identity = "/gnu/store/s1"}};
    EXPECT_EQ(once_generation(installed, kFirst), installed.generations[0]);
    EXPECT_EQ(once_generation(installed, "older-generations>generation-2"), std::nullopt);
    EXPECT_EQ(once_generation(installed, "firmware-setup"), std::nullopt);
    installed.bootloader = "systemd-boot";
    EXPECT_EQ(once_generation(installed, kFirst), std::nullopt);
    EXPECT_EQ(once_generation(installed, "cordwainer-1-0.conf"), installed.generations[0]);
}

}  // namespace
}  // namespace cordwainer::cli
