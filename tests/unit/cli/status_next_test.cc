#include "cli/status_next.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordwainer::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Generation numbered(std::uint64_t number, bool current = false) {
    Generation made;
    made.number = number;
    made.identity = "/gnu/store/" + std::to_string(number);
    made.current = current;
    made.parameters.command_line = "gnu.system=" + made.identity + " quiet";
    return made;
}

// Generations 1 and 2; 2 is the current one, and was when the menu was made.
class StatusNext : public testing::Test {
  protected:
    StatusNext() {
        generations_.list = {numbered(1), numbered(2, true)};
        installed_.bootloader = "grub";
        installed_.boots = id_of(generations_.list[1]);
        for (const Generation& each : generations_.list)
            installed_.generations.push_back(id_of(each));
    }

    void add_generation_3() {
        generations_.list[1].current = false;
        generations_.list.push_back(numbered(3, true));
    }

    [[nodiscard]] NextBoot next() const { return next_boot(installed_, generations_, choice_); }

    [[nodiscard]] RunningStatus running(const std::string& command_line) const {
        return running_status(installed_, generations_, {.command_line = command_line});
    }

    Generations generations_;
    Installed installed_;
    LoaderChoice choice_;
};

TEST_F(StatusNext, IsTheCurrentGeneration) {
    EXPECT_EQ(next().generation, 2U);
    EXPECT_THAT(next().why, ElementsAre("it is the system's current generation"));
    EXPECT_FALSE(next().behind);
}

TEST_F(StatusNext, IsTheDefaultOfTheConfiguration) {
    installed_.other_default = OtherDefault{.generation = installed_.generations.front().number};
    EXPECT_EQ(next().generation, 1U);
    EXPECT_THAT(next().why, ElementsAre("the configuration made it the default"));
    EXPECT_FALSE(next().behind) << "the menu is that of the current generation";
    add_generation_3();
    EXPECT_EQ(next().generation, 1U);
    EXPECT_TRUE(next().behind);
    installed_.other_default->generation.reset();
    EXPECT_EQ(next().generation, std::nullopt);
    EXPECT_THAT(next().why, ElementsAre(HasSubstr("another entry of the menu")));
}

TEST_F(StatusNext, TheMenuMayOfferWhatTheSystemHasNoLonger) {
    EXPECT_THAT(lost_generations(installed_, generations_), ElementsAre());
    add_generation_3();
    EXPECT_THAT(lost_generations(installed_, generations_), ElementsAre());
    generations_.list.erase(generations_.list.begin());
    EXPECT_THAT(lost_generations(installed_, generations_),
                ElementsAre(AllOf(HasSubstr("no longer"), HasSubstr("generation 1."))));
    generations_.skipped = {{"/p/system-1-link", "its target is missing", 1}};
    EXPECT_THAT(
        lost_generations(installed_, generations_),
        ElementsAre(AllOf(HasSubstr("generation 1,"), HasSubstr("/p/system-1-link: its target"))));
    generations_.list[0].identity = "/gnu/store/another-2";
    EXPECT_THAT(lost_generations(installed_, generations_),
                ElementsAre(HasSubstr("generation 1,"), HasSubstr("generation 2.")));
    installed_.bootloader = "none";
    EXPECT_THAT(lost_generations(installed_, generations_), ElementsAre()) << "there is no menu";
}

TEST_F(StatusNext, IsTheInstalledOneWhereThereIsANewer) {
    add_generation_3();
    EXPECT_EQ(next().generation, 2U);
    EXPECT_THAT(next().why,
                ElementsAre(HasSubstr("current generation is 3, which `cordwainer install`")));
    EXPECT_TRUE(next().behind);
}

TEST_F(StatusNext, IsTheInstalledOneWhereItsNumberMeansAnotherNow) {
    generations_.list[1].identity = "/gnu/store/other";
    EXPECT_TRUE(next().behind);
}

TEST_F(StatusNext, IsADefaultThatWasKept) {
    installed_.boots = id_of(generations_.list[0]);
    installed_.kept = installed_.boots;
    EXPECT_EQ(next().generation, 1U);
    EXPECT_THAT(next().why, ElementsAre("`switch --boot-only` made it the default"));
    EXPECT_FALSE(next().behind);
    add_generation_3();
    EXPECT_THAT(next().why,
                ElementsAre(HasSubstr("which `cordwainer install` gives up: generation 3 is new")));
    EXPECT_TRUE(next().behind);
}

TEST_F(StatusNext, IsNotCertainAfterASwitchThatDidNotEnd) {
    installed_.switching = id_of(generations_.list[0]);
    EXPECT_THAT(next().why,
                ElementsAre("it is the system's current generation",
                            HasSubstr("a `switch` to generation 1 did not end")));
    EXPECT_TRUE(next().behind);
    installed_.switching = installed_.boots;  // the profile's link has followed
    EXPECT_EQ(next().why.size(), 1U);
    EXPECT_FALSE(next().behind);
}

TEST_F(StatusNext, FirmwareVariablesOverrideSystemdBootsMenuOnly) {
    choice_.by_default = "cordwainer-1-0123456789abcdef.conf";
    EXPECT_EQ(next().generation, 2U);
    installed_.bootloader = "systemd-boot";
    EXPECT_EQ(next().generation, 1U);
    EXPECT_THAT(next().why.front(), HasSubstr("LoaderEntryDefault"));
    choice_.once = "cordwainer-2-0123456789abcdef";
    EXPECT_EQ(next().generation, 2U);
    EXPECT_THAT(next().why.front(), HasSubstr("for one boot"));
    choice_.once = "windows.conf";
    EXPECT_EQ(next().generation, std::nullopt);
    EXPECT_THAT(next().why.front(), HasSubstr("windows.conf is no generation of this menu"));
    choice_.once = "cordwainer-9-0123456789abcdef";
    EXPECT_EQ(next().generation, std::nullopt);
}

TEST_F(StatusNext, GrubsBlockOverridesItsMenuOnce) {
    choice_.once = "older-generations>generation-1";
    EXPECT_EQ(next().generation, 1U);
    EXPECT_THAT(next().why,
                ElementsAre("for one boot, as next_entry in GRUB's environment block says",
                            "after that generation 2: it is the system's current generation"));
    choice_.once = "firmware-setup";
    EXPECT_EQ(next().generation, std::nullopt);
    EXPECT_THAT(next().why.front(), HasSubstr("firmware-setup is no generation of this menu"));
}

TEST_F(StatusNext, WhatRunsIsBootableWhereItIsInTheMenuWithItsFiles) {
    const RunningStatus status = running("gnu.system=/gnu/store/1 quiet");
    EXPECT_EQ(status.running.certain(), 1U);
    EXPECT_EQ(status.bootable, true);

    generations_.list[0].problems = {"/gnu/store/1-linux/bzImage is missing"};
    EXPECT_EQ(running("gnu.system=/gnu/store/1 quiet").bootable, false);
    EXPECT_THAT(running("gnu.system=/gnu/store/1 quiet").problem, HasSubstr("bzImage is missing"));

    installed_.generations.erase(installed_.generations.begin());
    EXPECT_THAT(running("gnu.system=/gnu/store/1 quiet").problem,
                HasSubstr("not in the installed menu"));
}

TEST_F(StatusNext, WhatRunsMayNotBeKnown) {
    EXPECT_EQ(running("root=/dev/sda1").bootable, std::nullopt);
}

}  // namespace
}  // namespace cordwainer::cli
