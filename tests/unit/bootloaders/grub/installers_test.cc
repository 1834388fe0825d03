// What each installer plans, and what it refuses; whole plans are in golden_test.cc.
#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/bootloaders/grub/scenario.h"

namespace cordwainer::grub::testing {
namespace {

void expect_within(const std::string& part, const std::string& whole) {
    EXPECT_NE(whole.find(part), std::string::npos)
        << "\"" << whole << "\" lacks \"" << part << "\"";
}

void expect_refused(const Scenario& scenario, Errc code, const std::string& part) {
    const auto plan = scenario.plan();
    ASSERT_FALSE(plan) << "not refused: " << part;
    EXPECT_EQ(plan.error().code, code) << plan.error().message();
    expect_within(part, plan.error().message());
}

Plan planned(const Scenario& scenario) {
    auto plan = scenario.plan();
    if (!plan) {
        ADD_FAILURE() << plan.error().message();
        return {};
    }
    return std::move(*plan);
}

void expect_warning(const Plan& plan, const std::string& part) {
    const bool found = std::ranges::any_of(plan.warnings, [&](const std::string& warning) {
        return warning.find(part) != std::string::npos;
    });
    EXPECT_TRUE(found) << "no warning with \"" << part
                       << "\": " << ::testing::PrintToString(plan.warnings);
}

const SwitchBootCode& boot_code_of(const Plan& plan) {
    for (const Step& step : plan.steps) {
        if (const auto* boot_code = std::get_if<SwitchBootCode>(&step)) return *boot_code;
    }
    throw std::logic_error("the plan writes no boot code");
}

// The KEY of the directory that the menu is in.
std::string key_of(const Plan& plan) {
    for (const Step& step : plan.steps) {
        const auto* replace = std::get_if<ReplaceFile>(&step);
        if (!replace || !replace->path.text().starts_with("cordwainer/")) continue;
        return replace->path.text().substr(std::string("cordwainer/").size(), 64);
    }
    return "";
}

Scenario uefi() {
    Scenario scenario;
    scenario.add_esp();
    return scenario;
}

Scenario bios(ObservedDisk disk) {
    Scenario scenario;
    scenario.add_disk(disk);
    return scenario;
}

ObservedDisk gpt_disk(std::uint64_t sectors = 2048) {
    ObservedDisk disk;
    disk.table = PartitionTable::Kind::gpt;
    disk.bios_boot = SectorRange{.first_lba = 2048, .count = sectors};
    return disk;
}

ObservedDisk mbr_disk(std::uint64_t sectors = 2047) {
    ObservedDisk disk;
    disk.table = PartitionTable::Kind::mbr;
    disk.gap = SectorRange{.first_lba = 1, .count = sectors};
    return disk;
}

// --- the key

TEST(Key, StaysWhereOnlyTheMenuChanges) {
    Scenario changed = uefi();
    changed.set("timeout", number(1));
    changed.set("locale", text("de_DE"));
    changed.generations.push_back(guix_generation(3));
    EXPECT_EQ(key_of(planned(uefi())), key_of(planned(changed)));
    EXPECT_EQ(key_of(planned(uefi())).size(), 64U);
}

TEST(Key, ChangesWithThePackageThePlaceAndThePlatforms) {
    std::vector<std::string> keys{key_of(planned(uefi()))};
    Scenario other_version = uefi();
    other_version.package = FakePackage("2.06-14");
    keys.push_back(key_of(planned(other_version)));
    // A module that is no part of the core lies in the directory, too.
    Scenario other_module = uefi();
    other_module.package.add("/usr/lib/grub/x86_64-efi/gfxterm.mod");
    keys.push_back(key_of(planned(other_module)));
    Scenario other_platforms = uefi();
    other_platforms.add_gpt_disk();
    keys.push_back(key_of(planned(other_platforms)));
    Scenario elsewhere = uefi();
    elsewhere.mount("/boot", ext4_on_gpt(kOtherUuid));
    elsewhere.put_files_on("/boot/grub");
    keys.push_back(key_of(planned(elsewhere)));
    std::ranges::sort(keys);
    EXPECT_EQ(std::ranges::unique(keys).begin(), keys.end());
}

TEST(Key, DoesNotDependOnTheOrderOfPlatforms) {
    Scenario one = uefi();
    one.set("platforms", texts({"x86_64-efi", "i386-efi"}));
    Scenario two = uefi();
    two.set("platforms", texts({"i386-efi", "x86_64-efi"}));
    EXPECT_EQ(key_of(planned(one)), key_of(planned(two)));
}

TEST(Core, NamesTheDirectoryOfTheMenu) {
    const Plan plan = planned(uefi());
    const Recipe* core = core_of(plan, "grubx64.efi");
    ASSERT_TRUE(core);
    expect_within("/cordwainer/" + key_of(plan), early_configuration_of(*core));
    EXPECT_EQ(core->parameters.at("prefix"), "/boot/grub/cordwainer/" + key_of(plan));
}

TEST(Core, LooksForTheMenuWhereItsVolumeHasNoName) {
    Scenario scenario = uefi();
    Target& files = scenario.targets.front();
    files.boot.uuid.reset();
    files.boot.label.reset();
    scenario.package.add_modules({"search_fs_file"});
    const Plan plan = planned(scenario);
    const Recipe* core = core_of(plan, "grubx64.efi");
    ASSERT_TRUE(core);
    expect_within("search.file /boot/grub/cordwainer/" + key_of(plan) + "/grub.cfg root",
                  early_configuration_of(*core));
}

// --- commits

TEST(Commits, WhatStartsComesAfterWhatIsStarted) {
    Scenario scenario = uefi();
    scenario.add_gpt_disk();
    std::vector<std::string> commits;
    for (const Step& step : planned(scenario).steps) {
        const bool stages =
            std::holds_alternative<StageFile>(step) || std::holds_alternative<ProvideFile>(step);
        if (!stages) commits.push_back(target_of(step).text);
    }
    EXPECT_EQ(commits, (std::vector<std::string>{"files", "files", "esp", "esp", "disk"}));
}

TEST(Esp, KeepsAFirmwareEntryForItsFirstPlatform) {
    Scenario scenario = uefi();
    scenario.set("removable", flag(false));
    scenario.set("platforms", texts({"i386-efi", "x86_64-efi"}));
    std::vector<FirmwareEntry> entries;
    for (const Step& step : planned(scenario).steps) {
        if (const auto* entry = std::get_if<FirmwareEntry>(&step)) entries.push_back(*entry);
        if (const auto* replace = std::get_if<ReplaceFile>(&step)) {
            EXPECT_FALSE(replace->path.text().starts_with("EFI/BOOT")) << replace->path.text();
        }
    }
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].path.text(), "EFI/cordwainer/grubia32.efi");
    EXPECT_EQ(entries[0].title, "cordwainer");
    ASSERT_TRUE(entries[0].fallback);
    EXPECT_EQ(entries[0].fallback->text(), "EFI/BOOT/BOOTIA32.EFI");
}

TEST(Esp, MustBeReadByFirmware) {
    Scenario scenario = uefi();
    scenario.targets.back().boot.volume = ext4_on_gpt(kOtherUuid);
    expect_refused(scenario, Errc::refused, "/boot/efi lies on a file system of type ext4");
}

// --- disks

TEST(Disk, HasTwoHalves) {
    const Plan plan = planned(bios(gpt_disk()));
    const SwitchBootCode& step = boot_code_of(plan);
    ASSERT_EQ(step.slots.size(), 2U);
    EXPECT_EQ(step.slots[0].range, (SectorRange{.first_lba = 2048, .count = 1024}));
    EXPECT_EQ(step.slots[1].range, (SectorRange{.first_lba = 3072, .count = 1024}));
    EXPECT_NE(source_id(step.slots[0].image), source_id(step.slots[1].image));
    EXPECT_EQ(step.pointer_offset, 0x5cU);
    ASSERT_EQ(step.keep.size(), 1U);
    EXPECT_EQ(step.keep[0].first, 0x1b8U);
    EXPECT_EQ(step.keep[0].first + step.keep[0].count, 512U);
}

TEST(Disk, UsesTheGapOfAnMbr) {
    const Plan plan = planned(bios(mbr_disk()));
    const SwitchBootCode& step = boot_code_of(plan);
    ASSERT_EQ(step.slots.size(), 2U);
    EXPECT_EQ(step.slots[0].range, (SectorRange{.first_lba = 1, .count = 1023}));
    EXPECT_EQ(step.slots[1].range, (SectorRange{.first_lba = 1024, .count = 1023}));
}

TEST(Disk, TakesOnePlaceOnlyWhereTheUserSaysSo) {
    expect_refused(bios(mbr_disk(62)), Errc::no_space, "`single-slot = true`");
    Scenario single = bios(mbr_disk(62));
    single.set("single-slot", flag(true));
    const Plan plan = planned(single);
    ASSERT_EQ(boot_code_of(plan).slots.size(), 1U);
    EXPECT_EQ(boot_code_of(plan).slots[0].range, (SectorRange{.first_lba = 1, .count = 62}));
    expect_warning(plan, "power cut");
}

TEST(Disk, RefusesWhereThereIsNoPlace) {
    ObservedDisk no_partition = gpt_disk();
    no_partition.bios_boot.reset();
    expect_refused(bios(no_partition), Errc::refused, "add a partition of type bios-boot");
    ObservedDisk no_gap = mbr_disk();
    no_gap.gap.reset();
    expect_refused(bios(no_gap), Errc::refused, "start the first partition at 1 MiB");
    expect_refused(bios(ObservedDisk{}), Errc::refused, "no partition table");
    ObservedDisk large_sectors = gpt_disk();
    large_sectors.sector_size = 4096;
    expect_refused(bios(large_sectors), Errc::unsupported, "4096");
    Scenario tiny = bios(mbr_disk(20));
    tiny.set("single-slot", flag(true));
    expect_refused(tiny, Errc::no_space, "too few for any core image");
}

TEST(Disk, DoesNotOverwriteWhatItDoesNotKnow) {
    ObservedDisk disk = mbr_disk();
    disk.unknown_data = true;
    expect_refused(bios(disk), Errc::refused, "did not write");
    Scenario allowed = bios(disk);
    allowed.set("single-slot", flag(true));
    EXPECT_EQ(boot_code_of(planned(allowed)).slots.size(), 1U);
}

// --- the files target

TEST(Files, RefusesATargetThatGrubCannotRead) {
    Volume root = ext4_on_gpt();
    root.layers.emplace_back(luks2({"argon2id"}));
    Scenario scenario(root);
    scenario.package.add_luks_modules();
    scenario.add_gpt_disk();
    expect_refused(scenario,
                   Errc::refused,
                   "target files (/boot/grub) lies in LUKS2 container " + kLuksUuid +
                       ", whose key slots are all argon2id");
}

TEST(Files, RefusesATargetOnAnUnknownFileSystem) {
    Scenario scenario = uefi();
    scenario.targets.front().boot.volume.reset();
    expect_refused(scenario, Errc::not_found, "not known which file system");
}

TEST(Files, NamesAPackageThatIsMissing) {
    Scenario scenario = uefi();
    scenario.set("package", text("/opt/none"));
    expect_refused(scenario, Errc::not_found, "/opt/none/lib/grub/x86_64-efi");
    Scenario no_mkimage = uefi();
    no_mkimage.package.remove("/usr/bin/grub-mkimage");
    expect_refused(no_mkimage, Errc::not_found, "grub-mkimage");
}

TEST(Files, KeepsSecretsWhereTheyAre) {
    Volume root = ext4_on_gpt();
    root.features = {"inline_data"};
    Scenario scenario(root);
    scenario.mount("/boot", ext4_on_gpt(kOtherUuid));
    scenario.put_files_on("/boot/grub");
    scenario.add_gpt_disk();
    scenario.package.add_system_file("/etc/secrets.img");
    Scenario readable = scenario;
    scenario.set("extra-initrd", text("/etc/secrets.img"));
    expect_refused(scenario, Errc::refused, "may hold secrets");

    readable.package.add_system_file("/boot/secrets.img");
    readable.set("extra-initrd", text("/boot/secrets.img"));
    readable.set("copy-kernels", flag(true));
    const Plan plan = planned(readable);
    for (const Step& step : plan.steps) {
        EXPECT_EQ(target_of(step).text == "files" && std::holds_alternative<StageFile>(step) &&
                      std::get<StageFile>(step).path.text().ends_with("secrets.img"),
                  false);
    }
    expect_within("/secrets.img", menu_of(plan));
}

TEST(Files, NamesAnInitrdThatIsMissing) {
    Scenario scenario = uefi();
    scenario.set("microcode", texts({"/boot/ucode.img"}));
    expect_refused(scenario, Errc::not_found, "/boot/ucode.img");
}

TEST(Files, LeavesOutWhatCannotBoot) {
    Scenario scenario = uefi();
    scenario.generations.front().parameters.kernel.present = false;
    const Plan plan = planned(scenario);
    expect_warning(plan,
                   "generation 1 cannot be booted: /gnu/store/1-linux/bzImage does not exist");
    EXPECT_EQ(menu_of(plan).find("generation-1"), std::string::npos);
    expect_within("generation-2", menu_of(plan));
}

TEST(Files, SayWhyAFileIsNotThere) {
    Scenario scenario = uefi();
    scenario.generations.front().parameters.kernel.present = false;
    scenario.generations.front().problems = {"the kernel /k cannot be looked at: it is on fire"};
    expect_warning(
        planned(scenario),
        "generation 1 cannot be booted: the kernel /k cannot be looked at: it is on fire");
}

TEST(Files, RefusesACurrentGenerationThatCannotBoot) {
    Scenario scenario = uefi();
    scenario.generations.back().parameters.initrds.front().present = false;
    expect_refused(scenario, Errc::refused, "the current generation 2 cannot be booted");
}

TEST(Files, RefusesAMenuOfNothing) {
    Scenario scenario = uefi();
    scenario.generations.clear();
    expect_refused(scenario, Errc::refused, "no generation that can be booted");
    scenario.set("menu-entries",
                 list({table({{"label", text("x")}, {"chainload", text("(hd1)+1")}})}));
    EXPECT_TRUE(scenario.plan());
}

TEST(Files, LeavesOutCommandLinesThatGrubCannotRead) {
    Scenario scenario = uefi();
    scenario.generations.front().parameters.command_line = std::string("a\0b", 3);
    expect_warning(planned(scenario), "generation 1 cannot be booted: GRUB cannot read a NUL");
}

TEST(Files, WarnsOfCommandLinesThatArriveChanged) {
    Scenario scenario = uefi();
    scenario.generations.front().parameters.command_line = "a=\"b c\"";
    scenario.generations.back().parameters.command_line = std::string(2100, 'x');
    const Plan plan = planned(scenario);
    expect_warning(plan, "generation 1: GRUB cannot pass quotes");
    expect_warning(plan, "reads the same way");
    expect_warning(plan, "generation 2: its command line of");
}

TEST(Files, WarnsWhereNothingStartsIt) {
    const Scenario only_files;
    expect_warning(planned(only_files), "configfile /boot/grub/grub.cfg");
}

TEST(Files, ReferToWhatIsReadInPlaceAndOnlyToThat) {
    Scenario scenario = uefi();
    EXPECT_EQ(planned(scenario).references.size(), 4U);
    scenario.set("copy-kernels", flag(true));
    EXPECT_TRUE(planned(scenario).references.empty());
}

// --- what boots by default

std::string default_of(const Scenario& scenario) {
    const std::string menu = menu_of(planned(scenario));
    const auto begin = menu.find("set default=");
    return menu.substr(begin, menu.find('\n', begin) - begin);
}

TEST(Default, IsTheCurrentGeneration) {
    Scenario scenario = uefi();
    EXPECT_EQ(default_of(scenario), "set default=generation-2");
    scenario.generations.front().current = true;
    scenario.generations.back().current = false;
    EXPECT_EQ(default_of(scenario), "set default='older-generations>generation-1'");
}

TEST(Default, IsTheNewestWithoutACurrentOne) {
    Scenario scenario = uefi();
    scenario.generations.back().current = false;
    EXPECT_EQ(default_of(scenario), "set default=generation-2");
}

TEST(Default, IsWhatTheConfigurationNames) {
    Scenario scenario = uefi();
    scenario.set("default-generation", number(1));
    EXPECT_EQ(default_of(scenario), "set default='older-generations>generation-1'");
    Scenario gone = uefi();
    gone.set("default-generation", number(7));
    EXPECT_EQ(default_of(gone), "set default=generation-2");
    expect_warning(planned(gone), "`default-generation` is 7");
}

TEST(Default, IsReportedWhereItIsNotTheCurrentGeneration) {
    EXPECT_EQ(planned(uefi()).other_default, std::nullopt);
    Scenario chosen = uefi();
    chosen.set("default-generation", number(1));
    EXPECT_EQ(planned(chosen).other_default, OtherDefault{.generation = 1});
    Scenario none = uefi();
    none.generations.back().current = false;
    EXPECT_EQ(planned(none).other_default, OtherDefault{.generation = 2});
    Scenario first = uefi();
    first.set("default-position", number(0));
    EXPECT_EQ(planned(first).other_default, std::nullopt);
    Scenario second = uefi();
    second.set("default-position", number(1));
    EXPECT_EQ(planned(second).other_default, OtherDefault{.generation = std::nullopt});
}

TEST(Default, PositionMustExist) {
    Scenario scenario = uefi();
    scenario.set("default-position", number(2));
    expect_refused(scenario, Errc::invalid_input, "has 2 entries");
}

TEST(MaxGenerations, KeepsTheNewestAndTheDefault) {
    Scenario scenario = uefi();
    for (std::uint64_t number = 3; number <= 9; ++number) {
        scenario.generations.push_back(guix_generation(number));
    }
    scenario.set("max-generations", number(3));
    const std::string menu = menu_of(planned(scenario));
    std::string shown;
    for (int number = 1; number <= 9; ++number) {
        const std::string id = "--id generation-" + std::to_string(number) + " ";
        if (menu.find(id) != std::string::npos) shown += std::to_string(number);
    }
    EXPECT_EQ(shown, "2789");
}

// --- what is asked of the package

TEST(PackageRequest, TakesWhatIsThere) {
    // What is needed and missing is named by the planner, which says what to install.
    const auto request =
        bootloader().package(table({{"esp", text("/efi")}, {"platforms", texts({"arm64-efi"})}}));
    std::set<std::string> directories;
    for (const PackageRequest::Files& files : request.value().files) {
        EXPECT_TRUE(files.optional) << files.directory << files.suffix;
        directories.insert(files.directory);
    }
    EXPECT_TRUE(directories.contains("/usr/lib/grub/arm64-efi"));
    EXPECT_TRUE(directories.contains("/usr/lib/grub/i386-pc"));
    EXPECT_FALSE(directories.contains("/usr/lib/grub/x86_64-efi"));
}

TEST(PackageRequest, LooksForTheUsersFilesInTheSystem) {
    const auto request =
        bootloader().package(table({{"theme", table({{"background", text("/etc/grub/b.png")}})},
                                    {"extra-initrd", text("/boot/secrets.img")}}));
    int in_system = 0;
    for (const auto& files : request.value().files) {
        if (files.base == HostFile::Base::system) ++in_system;
        if (files.suffix == "b.png") {
            EXPECT_EQ(files.directory, "/etc/grub");
        }
    }
    EXPECT_EQ(in_system, 2);
}

// --- many generations

Scenario with_generations(std::uint64_t count) {
    Scenario scenario = uefi();
    scenario.generations.clear();
    for (std::uint64_t number = 1; number <= count; ++number) {
        scenario.generations.push_back(guix_generation(number));
    }
    return scenario;
}

TEST(ManyGenerations, TakeLinearTime) {
    const auto seconds = [](const Scenario& scenario) {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_TRUE(scenario.plan());
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    const Scenario thousand = with_generations(1000);
    const Scenario ten_thousand = with_generations(10000);
    // The better of two, since the machine has other things to do.
    const double small = std::min(seconds(thousand), seconds(thousand));
    const double large = std::min(seconds(ten_thousand), seconds(ten_thousand));
    RecordProperty("milliseconds_for_1000", static_cast<int>(small * 1000));
    RecordProperty("milliseconds_for_10000", static_cast<int>(large * 1000));
    // Ten times as many; caches alone make it more than ten times the time, squares a hundred.
    EXPECT_LT(large, small * 50);
}

}  // namespace
}  // namespace cordwainer::grub::testing
