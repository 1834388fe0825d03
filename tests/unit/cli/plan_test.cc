#include "cli/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/plan_json.h"
#include "tests/support/image_system.h"
#include "tests/support/run_command.h"

namespace cordwainer::cli {
namespace {

using testing::HasSubstr;

class PlanImage : public testing::Test {
  protected:
    PlanImage() {
        system_.add_generation(1);
        system_.add_generation(2);
    }

    test::Ran plan() {
        return test::run_command(plan_command(), {"--image", system_.layout()}, common_);
    }

    test::ImageSystem system_;
    Common common_;
};

TEST_F(PlanImage, ShowsTargetsStepsAndReferences) {
    const auto ran = plan();
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.output, testing::StartsWith("Bootloader: grub\nCurrent generation: 2\n"));
    EXPECT_THAT(ran.output, HasSubstr("\n  files: /boot/grub on file system "));
    EXPECT_THAT(ran.output, HasSubstr("\n  esp: replace EFI/BOOT/BOOTX64.EFI (made by "));
    EXPECT_THAT(ran.output, HasSubstr("\n  disk: write boot code into LBA 2048 to 3071 or "));
    EXPECT_THAT(ran.output, HasSubstr("\nRead in place (4 files, "));
    EXPECT_EQ(ran.complaints, "");
}

TEST_F(PlanImage, PrintsThePlanItself) {
    common_.json = true;
    const auto ran = plan();
    EXPECT_EQ(ran.status, kDone) << ran.error;
    const auto parsed = parse_plan(ran.output, "output");
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(parsed->bootloader, "grub");
    EXPECT_EQ(parsed->generation, 2U);
    EXPECT_EQ(plan().output, ran.output) << "the same plan gives the same bytes";
}

TEST_F(PlanImage, RemembersDigestsOnlyWhereAsked) {
    common_.state = system_.at("/state");
    EXPECT_EQ(plan().status, kDone);
    EXPECT_FALSE(std::filesystem::exists(common_.state));
    common_.state_given = true;
    const auto first = plan();
    EXPECT_EQ(first.status, kDone) << first.error;
    EXPECT_TRUE(std::filesystem::exists(common_.state + "/machine-digests"));
    EXPECT_EQ(plan().output, first.output);
}

TEST_F(PlanImage, SaysWhatIsLeftOut) {
    system_.tree().link("/system/var/guix/profiles/system-7-link", "/gnu/store/gone");
    std::filesystem::remove(
        system_.at("/system/gnu/store/" + std::string(32, 'a') + "1-initrd/initrd"));
    const auto ran = plan();
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.complaints, HasSubstr("warning: /var/guix/profiles/system-7-link is left out"));
    EXPECT_THAT(ran.complaints, HasSubstr("warning: generation 1: "));
}

TEST_F(PlanImage, WarnsWithoutGenerations) {
    std::filesystem::remove_all(system_.at("/system/var"));
    const auto ran = plan();
    EXPECT_THAT(ran.complaints + ran.error, HasSubstr("no generation"));
}

TEST_F(PlanImage, InstallsNothingForNone) {
    system_.configure("bootloader = \"none\"\n");
    const auto ran = plan();
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_EQ(ran.output, "Bootloader: none\nNothing is installed.\n");
}

TEST_F(PlanImage, FindsTheConfigurationAsTheSystemWould) {
    // As on Guix: /etc leads to the store by an absolute link, which is inside the system.
    system_.tree().file("/system/gnu/store/etc/config.toml", "bootloader = \"none\"\n");
    system_.tree().link("/system/etc/cordwainer/config.toml", "/gnu/store/etc/config.toml");
    EXPECT_THAT(plan().output, HasSubstr("Bootloader: none"));
}

TEST_F(PlanImage, NamesWhatIsWrong) {
    system_.configure("bootloader = \"grub\"\n[grub]\nfiles = \"/boot/grub\"\ntiemout = 1\n");
    const auto wrong = plan();
    EXPECT_EQ(wrong.status, kFailed);
    EXPECT_THAT(wrong.error,
                testing::StartsWith("plan: " + system_.at("/system/etc/cordwainer/config.toml") +
                                    ":4:1: unknown key \"tiemout\" in [grub]; did you mean "
                                    "\"timeout\"?"));

    std::filesystem::remove(system_.at("/system/etc/cordwainer/config.toml"));
    EXPECT_THAT(plan().error, HasSubstr("there is no configuration "));

    common_.config = system_.at("/other.toml");
    common_.config_given = true;
    system_.tree().file("/other.toml", "bootloader = \"none\"\n");
    EXPECT_EQ(plan().status, kDone);

    system_.tree().file("/layout.toml",
                        "[system]\nroot = \"sytem\"\n[[partition]]\ntype = \"linux\"\n"
                        "size = \"16MiB\"\nfile-system = \"ext4\"\nmount = \"/\"\n");
    EXPECT_THAT(plan().error, HasSubstr("/layout.toml:2:8: root: open " + system_.at("/sytem")));

    system_.tree().file("/layout.toml", "[image]\ntabel = \"gpt\"\n");
    EXPECT_THAT(plan().error, HasSubstr("/layout.toml:2:1: unknown key \"tabel\""));
}

TEST_F(PlanImage, NeedsASystemForABootloader) {
    common_.config = system_.at("/system/etc/cordwainer/config.toml");
    common_.config_given = true;
    system_.tree().file(
        "/layout.toml",
        "[[partition]]\ntype = \"linux\"\nsize = \"16MiB\"\nfile-system = \"ext4\"\n");
    EXPECT_THAT(plan().error, HasSubstr("no system to install grub for"));
    common_.config_given = false;
    EXPECT_EQ(plan().output, "Bootloader: none\nNothing is installed.\n");
}

}  // namespace
}  // namespace cordwainer::cli
