// One boot of an entry, and how it may go wrong: the machine boots that entry for ever, since what
// asks for it is still there; or something else than the default boots, since the entry is not
// found where it was; or what others have in the block is lost. Real GRUB (grub-emu) runs the
// planned menu with the block on real file systems, and writes there by the sectors that it finds.
#include "bootloaders/grub/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "formats/grub_env.h"
#include "tests/unit/bootloaders/grub/programs.h"
#include "tests/unit/bootloaders/grub/scenario.h"

namespace cordwainer::grub::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Environment, IsWrittenOnPlainPartitionsOfSomeFileSystems) {
    Volume volume = ext4_on_gpt();
    for (const char* name : {"ext2", "ext3", "ext4", "xfs", "vfat"}) {
        volume.file_system = name;
        EXPECT_EQ(why_not_written(volume), std::nullopt) << name;
    }
    volume.file_system = "btrfs";
    EXPECT_EQ(why_not_written(volume), "is btrfs");
    volume = ext4_on_gpt();
    volume.layers.emplace_back(RaidArray{});
    EXPECT_EQ(why_not_written(volume), "is on a RAID array");
    volume.layers.back() = LogicalVolume{};
    EXPECT_EQ(why_not_written(volume), "is on a logical volume");
    volume.layers.back() =
        LuksContainer{.uuid = uuid(kLuksUuid), .key_derivations = {}, .cipher = {}, .hash = {}};
    EXPECT_EQ(why_not_written(volume), "is in a LUKS container");
}

TEST(Environment, NamesGenerations) {
    EXPECT_EQ(generation_of_next_entry(next_entry_of(12)), 12U);
    for (const char* other : {"",
                              "generation-12",
                              "older-generations>generation-",
                              "older-generations>generation-1x",
                              "older-generations>generation-+1",
                              "older-generations>generation-99999999999999999999"}) {
        EXPECT_EQ(generation_of_next_entry(other), std::nullopt) << other;
    }
}

TEST(Environment, IsThereWhereTheMenuReadsIt) {
    Scenario scenario;
    scenario.add_gpt_disk();
    const auto with = scenario.plan();
    ASSERT_TRUE(with) << with.error().message();
    EXPECT_THAT(menu_of(*with), HasSubstr("save_env"));
    int provided = 0;
    for (const Step& step : with->steps) {
        const auto* provide = std::get_if<ProvideFile>(&step);
        if (!provide) continue;
        ++provided;
        EXPECT_EQ(provide->path.text(), kEnvironmentPath);
        EXPECT_TRUE(GrubEnv::parse(std::get<Text>(provide->source).text, "grubenv"));
    }
    EXPECT_EQ(provided, 1);

    Volume btrfs = ext4_on_gpt();
    btrfs.file_system = "btrfs";
    Scenario other(btrfs);
    other.package.add_modules({"btrfs", "zstd"});
    other.add_gpt_disk();
    const auto without = other.plan();
    ASSERT_TRUE(without) << without.error().message();
    EXPECT_THAT(menu_of(*without), Not(HasSubstr("next_entry")));
    for (const Step& step : without->steps) EXPECT_FALSE(std::holds_alternative<ProvideFile>(step));
}

TEST(Environment, AMenuHasTheEntriesThatItHas) {
    for (const char* label :
         {"plain", "menuentry --id generation-9 {", "-x", "a\nmenuentry 'b' --id generation-9 {"}) {
        Scenario scenario;
        scenario.add_gpt_disk();
        for (Generation& generation : scenario.generations) generation.parameters.label = label;
        const auto plan = scenario.plan();
        ASSERT_TRUE(plan) << plan.error().message();
        EXPECT_TRUE(has_entry(menu_of(*plan), 1)) << label;
        EXPECT_TRUE(has_entry(menu_of(*plan), 2)) << label;
        EXPECT_FALSE(has_entry(menu_of(*plan), 9)) << label;
        EXPECT_FALSE(has_entry(menu_of(*plan), 0)) << label;
    }
}

// A disk with a file system of that kind, with an environment block in it, and a GRUB that boots.
class GrubWithDisk : public ::testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        for (const char* program : {"grub-emu",
                                    "grub-fstest",
                                    "mke2fs",
                                    "mkfs.xfs",
                                    "mkfs.vfat",
                                    "mcopy",
                                    "mkfs.btrfs"}) {
            if (shell(std::string("command -v ") + program).status != 0) {
                GTEST_SKIP() << program << " is not installed";
            }
        }
        scenario_.add_gpt_disk();
        scenario_.set("timeout", number(0));
    }

    // Makes the disk anew with this block.
    void make_disk(const std::string& kind, const std::string& block) {
        directory_.write("tree/b/cordwainer/grubenv", block);
        std::filesystem::create_directories(directory_.path() / "tree/b/cordwainer/KEY");
        std::string make = "rm -f disk; truncate -s 320M disk; ";
        if (kind == "ext4") make += "mke2fs -q -t ext4 -d tree disk";
        if (kind == "btrfs") make += "mkfs.btrfs -q --rootdir tree disk";
        if (kind == "vfat") make += "mkfs.vfat -F 32 disk && mcopy -s -i disk tree/b ::b";
        if (kind == "xfs") {
            directory_.write("proto",
                             "x\n0 0\nd--755 0 0\nb d--755 0 0\ncordwainer d--755 0 0\n"
                             "KEY d--755 0 0\n$\n"
                             "grubenv ---644 0 0 tree/b/cordwainer/grubenv\n$\n$\n$\n");
            make += "mkfs.xfs -q -p proto disk";
        }
        const Outcome made = in_directory(make);
        ASSERT_EQ(made.status, 0) << made.output;
        directory_.write("map", "(hd0) " + (directory_.path() / "disk").string() + "\n");
    }

    // The block as GRUB reads it.
    std::string block() {
        return in_directory("grub-fstest disk cat '(loop0)/b/cordwainer/grubenv'").output;
    }

    std::optional<std::string> variable(const std::string& name) {
        const auto env = GrubEnv::parse(block(), "grubenv");
        EXPECT_TRUE(env) << env.error().message();
        return env ? env->get(name) : std::nullopt;
    }

    static std::string block_with(const std::string& entry) {
        GrubEnv env;
        env.set("others", "a\\b\nc");
        env.set(kNextEntry, entry);
        return env.render().value();
    }

    // What GRUB prints when it boots the scenario's menu.
    std::string boot() {
        const auto plan = scenario_.plan();
        EXPECT_TRUE(plan) << plan.error().message();
        directory_.write("emu/grub.cfg",
                         "set prefix=(hd0)/b/cordwainer/KEY\n"
                         "function linux {\necho \"started $3\"\n}\n"
                         "function initrd {\nhalt\n}\nfunction insmod {\ntrue\n}\n"
                         "function search {\ntrue\n}\n" +
                             menu_of(*plan));
        return in_directory(
                   "(for i in 1 2 3 4 5 6 7 8; do sleep 0.5; echo; done) | "
                   "timeout 20 grub-emu -m map -d emu")
            .output;
    }

    // The generation that GRUB boots.
    int booted() {
        const std::string output = boot();
        for (int number = 1; number < 4; ++number) {
            if (output.contains("system-" + std::to_string(number) + "-link")) return number;
        }
        ADD_FAILURE() << output;
        return 0;
    }

    Scenario scenario_;

  private:
    Outcome in_directory(const std::string& command) {
        return shell("cd " + shell_quote(directory_.path().string()) + " && " + command);
    }

    const TemporaryDirectory directory_;
};

TEST_P(GrubWithDisk, BootsTheEntryOnceThenTheDefault) {
    make_disk(GetParam(), block_with(next_entry_of(1)));
    EXPECT_EQ(booted(), 1);
    EXPECT_EQ(variable(kNextEntry), "");
    EXPECT_EQ(variable("others"), "a\\b\nc");
    EXPECT_EQ(booted(), 2);
}

INSTANTIATE_TEST_SUITE_P(FileSystems,
                         GrubWithDisk,
                         ::testing::Values("ext4", "xfs", "vfat"),
                         [](const auto& test) { return test.param; });

class GrubOnce : public GrubWithDisk {};

INSTANTIATE_TEST_SUITE_P(Ext4, GrubOnce, ::testing::Values("ext4"));

TEST_P(GrubOnce, TheNewestToo) {
    scenario_.set("default-generation", number(1));
    make_disk("ext4", block_with(next_entry_of(2)));
    EXPECT_EQ(booted(), 2);
    EXPECT_EQ(booted(), 1);
}

TEST_P(GrubOnce, TheSameGenerationAlsoWhereANewerOneHasComeMeanwhile) {
    make_disk("ext4", block_with(next_entry_of(2)));
    Generation newer = scenario_.generations.back();
    newer.number = 3;
    newer.parameters.command_line = "root=x gnu.system=/var/guix/profiles/system-3-link";
    scenario_.generations.push_back(newer);
    EXPECT_EQ(booted(), 2);
}

TEST_P(GrubOnce, TheDefaultWhereTheBlockCannotBeWritten) {
    make_disk("btrfs", block_with(next_entry_of(1)));
    for (int boot = 0; boot < 2; ++boot) EXPECT_EQ(booted(), 2);
    EXPECT_EQ(variable(kNextEntry), next_entry_of(1));
}

TEST_P(GrubOnce, TheDefaultWhereTheBlockIsDamagedOrMissing) {
    for (const std::string& damaged : {std::string(GrubEnv::kSize, '\0'), std::string()}) {
        make_disk("ext4", damaged);
        EXPECT_EQ(booted(), 2);
    }
}

TEST_P(GrubOnce, WhatGrubsOwnProgramSetIsHonouredToo) {
    make_disk("ext4", block_with("1>0"));
    EXPECT_EQ(booted(), 1);
    EXPECT_EQ(booted(), 2);
}

}  // namespace
}  // namespace cordwainer::grub::testing
