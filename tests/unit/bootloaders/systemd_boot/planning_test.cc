// What the installers decide, and what they refuse.
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/unit/bootloaders/systemd_boot/scenario.h"

namespace cordwainer::systemd_boot::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string error_of(const Scenario& scenario) {
    const auto plan = scenario.plan();
    return plan ? "" : plan.error().message();
}

// The paths that a plan writes to a target by one kind of step.
template <class S>
std::vector<std::string> paths_of(const Plan& plan, const std::string& target) {
    std::vector<std::string> paths;
    for (const Step& step : plan.steps) {
        const auto* file = std::get_if<S>(&step);
        if (file && file->target.text == target) paths.push_back(file->path.text());
    }
    return paths;
}

TEST(SystemdBootPlan, NamesTheCurrentGenerationAsDefault) {
    Scenario scenario;
    scenario.generations.push_back(generation(3));
    for (const std::uint64_t current : {1, 2, 3}) {
        scenario.make_current(current);
        const auto plan = scenario.plan();
        ASSERT_TRUE(plan) << plan.error().message();
        EXPECT_THAT(value_in(settings_of(*plan), "default"),
                    StartsWith("cordwainer-" + std::to_string(current) + "-"));
    }
}

TEST(SystemdBootPlan, NamesAnEntryThatItWrites) {
    const auto plan = Scenario().plan();
    ASSERT_TRUE(plan);
    EXPECT_THAT(paths_of<ReplaceFile>(*plan, "esp"),
                ::testing::Contains("loader/entries/" + value_in(settings_of(*plan), "default")));
}

TEST(SystemdBootPlan, TakesTheConfiguredDefault) {
    Scenario scenario;
    scenario.set("default-generation", number(1));
    const auto plan = scenario.plan();
    ASSERT_TRUE(plan);
    EXPECT_THAT(value_in(settings_of(*plan), "default"), StartsWith("cordwainer-1-"));
    EXPECT_EQ(plan->other_default, OtherDefault{.generation = 1});
}

TEST(SystemdBootPlan, WarnsOfADefaultThatIsNotThere) {
    Scenario scenario;
    scenario.set("default-generation", number(7));
    const auto plan = scenario.plan();
    ASSERT_TRUE(plan);
    EXPECT_THAT(plan->warnings,
                ElementsAre("`default-generation` is 7, which is not in the menu; generation 2 "
                            "boots by default"));
    EXPECT_EQ(plan->other_default, std::nullopt);
}

// What the loader sorts by.
TEST(SystemdBootPlan, LetsTheLoaderSortByNumber) {
    const auto plan = Scenario().plan();
    ASSERT_TRUE(plan);
    for (const std::uint64_t each : {1, 2}) {
        EXPECT_EQ(value_in(entry_of(*plan, each), "version"), std::to_string(each));
        EXPECT_EQ(value_in(entry_of(*plan, each), "sort-key"), "cordwainer");
    }
}

// On FAT a new name is added, while a change in place could be seen half done.
TEST(SystemdBootPlan, GivesEveryContentANameOfItsOwn) {
    Scenario scenario;
    const auto before = scenario.plan();
    scenario.generations.front().parameters.command_line += " more";
    const auto after = scenario.plan();
    ASSERT_TRUE(before);
    ASSERT_TRUE(after);
    const auto old_entries = texts_below(*before, "loader/entries/", "esp");
    const auto new_entries = texts_below(*after, "loader/entries/", "esp");
    ASSERT_EQ(old_entries.size(), 2U);
    ASSERT_EQ(new_entries.size(), 2U);
    EXPECT_EQ(old_entries.front(), new_entries.front());
    EXPECT_NE(old_entries.back().first, new_entries.back().first);
}

// Everything that an entry names is there before the entry, and loader.conf comes after both.
TEST(SystemdBootPlan, CommitsTheChoiceAfterTheEntries) {
    const auto plan = Scenario({"/efi"}, {"/boot"}).plan();
    ASSERT_TRUE(plan);
    EXPECT_THAT(paths_of<ReplaceFile>(*plan, "boot"),
                ElementsAre(StartsWith("loader/entries/cordwainer-2-"),
                            StartsWith("loader/entries/cordwainer-1-")));
    EXPECT_THAT(
        paths_of<ReplaceFile>(*plan, "esp"),
        ElementsAre(
            "loader/loader.conf", "EFI/cordwainer/systemd-bootx64.efi", "EFI/BOOT/BOOTX64.EFI"));
    EXPECT_EQ(target_of(plan->steps.front()).text, "boot");
    EXPECT_EQ(target_of(plan->steps.back()).text, "esp");
    EXPECT_THAT(paths_of<StageFile>(*plan, "esp"), IsEmpty());
}

TEST(SystemdBootPlan, EntriesNameOnlyWhatIsStaged) {
    for (const bool apart : {false, true}) {
        const Scenario scenario =
            apart ? Scenario({"/efi"}, {"/boot"}) : Scenario({"/efi", "/efi2"});
        const std::string target = apart ? "boot" : "esp.2";
        const auto plan = scenario.plan();
        ASSERT_TRUE(plan) << plan.error().message();
        const auto staged = paths_of<StageFile>(*plan, target);
        for (const std::uint64_t each : {1, 2}) {
            const std::string entry = entry_of(*plan, each, target);
            for (const char* key : {"linux", "initrd"}) {
                const std::string path = value_in(entry, key);
                ASSERT_FALSE(path.empty()) << entry;
                EXPECT_THAT(staged, ::testing::Contains(path.substr(1)));
            }
        }
    }
}

// A file that was cut before its kernel's line is no entry.
TEST(SystemdBootPlan, PutsTheKernelLast) {
    const auto plan = Scenario().plan();
    ASSERT_TRUE(plan);
    const std::string entry = entry_of(*plan, 1);
    EXPECT_EQ(entry.find('\n', entry.find("\nlinux ") + 1), entry.size() - 1) << entry;
}

TEST(SystemdBootPlan, KeepsQuotationMarksAroundACommandLine) {
    Scenario scenario;
    scenario.generations.front().parameters.command_line = "\"a b\" c=\"d\"";
    scenario.generations.back().parameters.command_line = "\"a b\" c ";
    const auto plan = scenario.plan();
    ASSERT_TRUE(plan);
    EXPECT_EQ(value_in(entry_of(*plan, 1), "options"), "\"\"a b\" c=\"d\"\"");
    EXPECT_EQ(value_in(entry_of(*plan, 2), "options"), "\"a b\" c");
}

TEST(SystemdBootPlan, LoadsConfiguredInitrdsAroundTheGenerations) {
    Scenario scenario;
    scenario.set("microcode", texts({"/boot/ucode.cpio"}));
    scenario.set("extra-initrds", texts({"/etc/extra.cpio"}));
    EXPECT_THAT(error_of(scenario), HasSubstr("/boot/ucode.cpio, which the configuration names"));
    scenario.add_system_file("/boot/ucode.cpio");
    scenario.add_system_file("/etc/extra.cpio");
    const auto plan = scenario.plan();
    ASSERT_TRUE(plan) << plan.error().message();
    const std::string entry = entry_of(*plan, 1);
    const std::size_t first = entry.find("-ucode.cpio\n");
    const std::size_t second = entry.find("-initrd.cpio.gz\n");
    const std::size_t third = entry.find("-extra.cpio\n");
    EXPECT_LT(first, second);
    EXPECT_LT(second, third);
    EXPECT_NE(third, std::string::npos);
}

TEST(SystemdBootPlan, KeepsTheCurrentAndTheDefaultAmongFewGenerations) {
    Scenario scenario;
    scenario.generations = {generation(1), generation(2), generation(3), generation(4)};
    scenario.make_current(2);
    scenario.set("max-generations", number(1));
    scenario.set("default-generation", number(1));
    const auto plan = scenario.plan();
    ASSERT_TRUE(plan);
    EXPECT_NE(entry_of(*plan, 4), "");
    EXPECT_EQ(entry_of(*plan, 3), "");
    EXPECT_NE(entry_of(*plan, 2), "");
    EXPECT_NE(entry_of(*plan, 1), "");
    EXPECT_EQ(paths_of<StageFile>(*plan, "esp").size(), 6U);
}

struct Unbootable {
    const char* what;
    std::function<void(BootParameters&)> spoil;
    const char* why;
};

const std::vector<Unbootable>& unbootables() {
    static const std::vector<Unbootable> all{
        {"multiboot",
         [](BootParameters& p) { p.multiboot_modules = {{boot_file("/m"), {}}}; },
         "it is a multiboot system, and systemd-boot starts EFI programs only"},
        {"line break",
         [](BootParameters& p) { p.command_line = "a\nlinux /b"; },
         "its command line has a line break or a NUL byte"},
        {"carriage return", [](BootParameters& p) { p.command_line = "a\rb"; }, "a line break"},
        {"NUL", [](BootParameters& p) { p.command_line = std::string("a\0b", 3); }, "a NUL byte"},
        {"bytes", [](BootParameters& p) { p.command_line = "a=\xff"; }, "no UTF-8"},
        {"plane", [](BootParameters& p) { p.command_line = "\xf0\x9f\x90\xa7"; }, "beyond U+FFFF"},
        {"missing kernel",
         [](BootParameters& p) { p.kernel.present = false; },
         "bzImage does not exist"},
        {"missing initrd",
         [](BootParameters& p) { p.initrds.front().present = false; },
         "initrd.cpio.gz does not exist"},
    };
    return all;
}

TEST(SystemdBootPlan, LeavesOutWhatItCannotBoot) {
    for (const Unbootable& each : unbootables()) {
        Scenario scenario;
        each.spoil(scenario.generations.front().parameters);
        const auto plan = scenario.plan();
        ASSERT_TRUE(plan) << each.what << plan.error().message();
        ASSERT_EQ(plan->warnings.size(), 1U) << each.what;
        EXPECT_THAT(plan->warnings.front(), StartsWith("generation 1 cannot be booted: "));
        EXPECT_THAT(plan->warnings.front(), HasSubstr(each.why));
        EXPECT_EQ(entry_of(*plan, 1), "");
        EXPECT_EQ(paths_of<StageFile>(*plan, "esp").size(), 2U);
    }
}

TEST(SystemdBootPlan, SaysWhyAFileIsNotThere) {
    Scenario scenario;
    scenario.generations.front().parameters.kernel.present = false;
    scenario.generations.front().problems = {"the kernel /k cannot be looked at: it is on fire"};
    const auto plan = scenario.plan();
    ASSERT_TRUE(plan) << plan.error().message();
    ASSERT_EQ(plan->warnings.size(), 1U);
    EXPECT_THAT(
        plan->warnings.front(),
        StartsWith("generation 1 cannot be booted: the kernel /k cannot be looked at: it is "
                   "on fire"));
}

TEST(SystemdBootPlan, RefusesACurrentGenerationThatItCannotBoot) {
    for (const Unbootable& each : unbootables()) {
        Scenario scenario;
        each.spoil(scenario.generations.back().parameters);
        EXPECT_THAT(error_of(scenario), HasSubstr("the current generation 2 cannot be booted: "));
        EXPECT_THAT(error_of(scenario), HasSubstr(each.why));
    }
}

TEST(SystemdBootPlan, RefusesToInstallNothing) {
    Scenario scenario;
    scenario.generations.clear();
    EXPECT_THAT(error_of(scenario), HasSubstr("there is no generation that can be booted"));
}

TEST(SystemdBootPlan, WarnsOfALongCommandLineOnce) {
    Scenario scenario({"/efi", "/efi2"});
    scenario.generations.front().parameters.command_line = std::string(2000, 'x');
    const auto plan = scenario.plan();
    ASSERT_TRUE(plan);
    ASSERT_EQ(plan->warnings.size(), 1U);
    EXPECT_THAT(plan->warnings.front(), HasSubstr("longer than the 2047 that Linux takes"));
}

// Linux finds an uncompressed archive only at a multiple of 4.
TEST(SystemdBootPlan, WarnsOfAnInitrdThatDisplacesTheNextOne) {
    Scenario scenario;
    for (Generation& each : scenario.generations) {
        BootFile odd = boot_file("/odd");
        odd.size = 4097;
        BootFile odd_and_last = boot_file("/last");
        odd_and_last.size = 1;
        each.parameters.initrds = {boot_file("/even"), odd, odd_and_last};
    }
    const auto plan = scenario.plan();
    ASSERT_TRUE(plan);
    ASSERT_EQ(plan->warnings.size(), 1U);
    EXPECT_THAT(plan->warnings.front(), StartsWith("/odd has 4097 bytes, no multiple of 4"));
}

TEST(SystemdBootPlan, CopiesToNamesThatFatTakes) {
    Scenario scenario;
    scenario.generations.back().parameters.kernel = boot_file("/store/a:b \"c\" \xc3\xa9..");
    const auto plan = scenario.plan();
    ASSERT_TRUE(plan);
    const std::string kernel = value_in(entry_of(*plan, 2), "linux");
    EXPECT_TRUE(kernel.ends_with("-a_b__c____._")) << kernel;
}

TEST(SystemdBootPlan, SaysWhichPackageIsMissing) {
    Scenario scenario;
    scenario.package.files.clear();
    EXPECT_THAT(error_of(scenario),
                HasSubstr("/usr/lib/systemd/boot/efi/systemd-bootx64.efi is missing: install "
                          "systemd-boot for x86_64-efi (Debian: systemd-boot-efi)"));
}

TEST(SystemdBootPlan, NamesTheProgramForFirmware) {
    Scenario scenario({"/efi", "/efi2"});
    scenario.set("removable", flag(false));
    const auto plan = scenario.plan();
    ASSERT_TRUE(plan);
    const auto paths = paths_of<FirmwareEntry>(*plan, "esp.2");
    EXPECT_THAT(paths, ElementsAre("EFI/cordwainer/systemd-bootx64.efi"));
    EXPECT_THAT(paths_of<ReplaceFile>(*plan, "esp.2"),
                ::testing::Not(::testing::Contains("EFI/BOOT/BOOTX64.EFI")));
}

// Names of entries are compared in lower case, and one with "+" would count boots.
TEST(SystemdBootPlan, HasPlainNamesOfEntries) {
    const auto plan = Scenario().plan();
    ASSERT_TRUE(plan);
    for (const auto& [path, content] : texts_below(*plan, "loader/entries/", "esp")) {
        EXPECT_EQ(path.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-./"),
                  std::string::npos);
    }
}

LuksContainer luks() {
    return {.version = 2,
            .uuid = esp_volume().uuid.value(),
            .key_derivations = {"pbkdf2"},
            .cipher = "aes-xts-plain64",
            .hash = "sha256",
            .sector_size = 512};
}

struct Unreadable {
    std::function<void(BootSide&)> change;
    const char* why;
};

TEST(SystemdBootPlan, RefusesAnEspThatFirmwareDoesNotRead) {
    const std::vector<Unreadable> all{
        {[](BootSide& boot) { boot.volume->file_system = "ext4"; },
         "lies on a file system of type ext4, which UEFI firmware does not read: mount an EFI "
         "system partition (vfat) there"},
        {[](BootSide& boot) { boot.volume->layers.emplace_back(luks()); }, "is encrypted"},
        {[](BootSide& boot) { boot.volume->layers.emplace_back(LogicalVolume{}); },
         "logical volume"},
        {[](BootSide& boot) {
             boot.volume->layers.emplace_back(
                 RaidArray{.uuid = {}, .level = "raid1", .metadata = "1.2"});
         },
         "RAID"},
        {[](BootSide& boot) { boot.offset = "/efi"; }, "lies inside a file system, at /efi"},
    };
    for (const Unreadable& each : all) {
        Scenario scenario;
        each.change(scenario.targets.front().boot);
        EXPECT_THAT(error_of(scenario), HasSubstr("config.toml:1:1: `esp` (/boot/efi) "));
        EXPECT_THAT(error_of(scenario), HasSubstr(each.why));
    }
}

TEST(SystemdBootPlan, TakesARaidThatLooksLikeAPartition) {
    Scenario scenario;
    scenario.targets.front().boot.volume->layers.emplace_back(
        RaidArray{.uuid = {}, .level = "raid1", .metadata = "1.0"});
    EXPECT_EQ(error_of(scenario), "");
}

TEST(SystemdBootPlan, FindsABootPartitionInAGptOnly) {
    Scenario scenario({"/efi"}, {"/boot"});
    scenario.targets.front().boot.volume->layers = {PartitionTable{PartitionTable::Kind::mbr}};
    EXPECT_THAT(error_of(scenario), HasSubstr("lies on a disk with an MBR"));
    Scenario alone;
    alone.targets.front().boot.volume->layers = {PartitionTable{PartitionTable::Kind::mbr}};
    EXPECT_EQ(error_of(alone), "");
}

}  // namespace
}  // namespace cordwainer::systemd_boot::testing
