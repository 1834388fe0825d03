// Machines as data, and what is proposed for each. Every proposal must be a configuration that can
// be planned on the machine that it is for.
#include "cli/init_choice.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utility>

#include "bootloaders/registry.h"
#include "cli/config_file.h"
#include "cli/init_text.h"
#include "cli/reading.h"
#include "image/size_text.h"
#include "model/planning.h"
#include "tests/unit/bootloaders/grub/scenario.h"

namespace cordwainer::cli {
namespace {

using grub::testing::ext4_on_gpt;
using grub::testing::FakePackage;
using grub::testing::guix_generation;
using grub::testing::luks1;
using grub::testing::luks2;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using SecureBoot = FirmwareFacts::SecureBoot;

using image::kMiB;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
constexpr const char* kTable = "0fc63daf-8483-4772-8e79-3d69d8477de4";
constexpr const char* kOtherTable = "1fc63daf-8483-4772-8e79-3d69d8477de4";

Volume locked(LuksContainer container) {
    Volume volume = ext4_on_gpt();
    volume.layers.emplace_back(std::move(container));
    return volume;
}

class InitChoice : public testing::Test {
  protected:
    InitChoice() {
        package_.add_luks_modules();
        package_.add_modules({"btrfs", "zstd", "fat", "xfs", "diskfilter", "mdraid1x", "raid5rec"});
        facts_.machine.firmware.processor = "x86_64";
        facts_.generations = {.system = GenerationFacts::System::guix,
                              .count = 2,
                              .kernel = "/gnu/store/2-linux/bzImage",
                              .largest = 60 * kMiB};
        install_grub();
    }

    void install_grub() { facts_.grub_files = package_.get(); }

    void uninstall_grub() { facts_.grub_files = {}; }

    void uefi(SecureBoot secure_boot = SecureBoot::off) {
        facts_.machine.firmware.uefi = true;
        facts_.machine.firmware.secure_boot = secure_boot;
    }

    void mount(const std::string& point,
               Volume volume,
               const std::string& prefix = "",
               std::uint64_t free = 10 * kGiB) {
        facts_.machine.volumes.push_back(
            {.mount_point = point, .prefix = prefix, .volume = std::move(volume)});
        facts_.machine.free_bytes[point] = free;
    }

    DiskFacts& disk(const std::string& node, const std::string& table) {
        DiskFacts made;
        made.node = node;
        made.bytes = 20 * kGiB;
        made.of_system = true;
        made.table_uuid = table;
        made.observed.table = PartitionTable::Kind::gpt;
        made.observed.bios_boot = SectorRange{.first_lba = 2048, .count = 2048};
        facts_.machine.disks.push_back(std::move(made));
        return facts_.machine.disks.back();
    }

    // `point`: "" is not mounted.
    EspFacts& esp(const std::string& disk,
                  const std::string& point,
                  std::uint64_t free = 500 * kMiB,
                  const std::string& uuid = "1C31-A17C") {
        EspFacts made;
        made.node = disk + "1";
        made.disk = disk;
        made.bytes = 512 * kMiB;
        made.uuid = uuid;
        if (!point.empty()) {
            made.mount_point = point;
            mount(point,
                  {.layers = {PartitionTable{PartitionTable::Kind::gpt}},
                   .file_system = "vfat",
                   .features = {},
                   .uuid = Uuid::parse(uuid),
                   .label = std::nullopt},
                  "",
                  free);
        }
        facts_.machine.esps.push_back(std::move(made));
        return facts_.machine.esps.back();
    }

    // The proposal's values by key, after it was read and planned; else what is wrong.
    std::map<std::string, std::string> proposed() {
        const Result<Proposal> proposal = propose(facts_);
        EXPECT_TRUE(proposal) << proposal.error().message();
        if (!proposal) return {};
        proposal_ = *proposal;
        EXPECT_TRUE(propose(facts_).value() == *proposal);
        const Result<Plan> plan = plan_of(*proposal);
        EXPECT_TRUE(plan) << plan.error().message() << "\n" << proposal_toml(*proposal);
        std::map<std::string, std::string> values = {{"bootloader", proposal->bootloader}};
        for (const Setting& setting : proposal->settings) {
            EXPECT_TRUE(setting.why.ends_with(".")) << setting.why;
            values[setting.key] = setting.value;
        }
        return values;
    }

    std::string refusal() const {
        const Result<Proposal> proposal = propose(facts_);
        EXPECT_FALSE(proposal) << proposal_toml(proposal.value());
        return proposal ? "" : proposal.error().message();
    }

    [[nodiscard]] const std::string& why(const std::string& key) const {
        return std::ranges::find(proposal_.settings, key, &Setting::key)->why;
    }

    FakePackage package_;
    InitFacts facts_;
    Proposal proposal_;

  private:
    // Plans the proposal as `cordwainer plan` would on a machine of these facts.
    [[nodiscard]] Result<Plan> plan_of(const Proposal& proposal) const {
        const auto bootloaders = all_bootloaders();
        const Configuration config =
            TRY(read_config(proposal_toml(proposal), "config.toml", bootloaders));
        const Bootloader bootloader = bootloader_named(bootloaders, config.bootloader).value();
        const auto specs = TRY(configured_targets(bootloader, config.table));
        const auto ids = target_ids(specs);
        std::vector<Target> targets;
        for (std::size_t i = 0; i < specs.size(); ++i) {
            Target target =
                specs[i].type == TargetType::file ? file_target(specs[i]) : block_target(specs[i]);
            target.id = ids[i];
            target.tag = specs[i].tag;
            target.type = specs[i].type;
            target.spec = specs[i];
            targets.push_back(std::move(target));
        }
        Generation generation = guix_generation(2);
        generation.current = true;
        Observed observed{.volumes = facts_.machine.volumes, .package = facts_.grub_files};
        const std::string program = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi";
        observed.package.files[program].source = grub::testing::machine_file(program);
        return make_plan(bootloader, config.table, {generation}, targets, observed);
    }

    [[nodiscard]] Target file_target(const TargetSpec& spec) const {
        Target target;
        const MountedVolume* mounted = volume_of(facts_.machine.volumes, spec.path);
        if (!mounted) return target;
        const std::string& point = mounted->mount_point;
        target.boot = {
            .offset = mounted->prefix + (point == "/" ? spec.path : spec.path.substr(point.size())),
            .label = mounted->volume.label,
            .uuid = mounted->volume.uuid,
            .volume = mounted->volume};
        target.observed = ObservedFiles{.free_bytes = facts_.machine.free_bytes.at(point)};
        return target;
    }

    [[nodiscard]] Target block_target(const TargetSpec& spec) const {
        Target target;
        for (const DiskFacts& disk : facts_.machine.disks) {
            const bool named = spec.block.kind == BlockId::Kind::partition_table_uuid
                                   ? disk.table_uuid == spec.block.value
                                   : spec.block.value == disk.name || spec.block.value == disk.node;
            if (named) target.observed = disk.observed;
        }
        return target;
    }
};

TEST_F(InitChoice, BiosWithGpt) {
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable).vendor = "QEMU HARDDISK";
    EXPECT_THAT(proposed(),
                ElementsAre(std::pair("bootloader", "grub"),
                            std::pair("disk", "{ ptuuid = \"" + std::string(kTable) + "\" }"),
                            std::pair("files", "\"/boot/grub\"")));
    EXPECT_THAT(why("disk"), HasSubstr("/dev/sda (QEMU HARDDISK)"));
    EXPECT_THAT(why("files"), HasSubstr("ext4 at /, which GRUB 2.06"));
    EXPECT_THAT(proposal_.warnings, IsEmpty());
}

TEST_F(InitChoice, BiosWithGptNeedsABiosBootPartition) {
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable).observed.bios_boot.reset();
    EXPECT_THAT(refusal(),
                AllOf(HasSubstr("add a partition of type bios-boot"),
                      HasSubstr("this machine was started by a BIOS")));
}

TEST_F(InitChoice, BiosWithMbr) {
    mount("/", ext4_on_gpt());
    ObservedDisk& observed = disk("/dev/sda", "5a3c1f02").observed;
    observed.table = PartitionTable::Kind::mbr;
    observed.bios_boot.reset();
    observed.gap = SectorRange{.first_lba = 1, .count = 2047};
    EXPECT_EQ(proposed()["disk"], "{ ptuuid = \"5a3c1f02\" }");

    observed.gap = SectorRange{.first_lba = 1, .count = 62};
    EXPECT_THAT(refusal(), HasSubstr("too few for two core images"));
    observed.gap = SectorRange{.first_lba = 1, .count = 2047};
    observed.unknown_data = true;
    EXPECT_THAT(refusal(), HasSubstr("data that cordwainer did not write"));
}

TEST_F(InitChoice, BiosWithTwoDisksUsesThoseThatCanBeUsed) {
    Volume root = ext4_on_gpt();
    root.layers.emplace_back(
        RaidArray{.uuid = "0123456789abcdef0123456789abcdef", .level = "raid1", .metadata = "1.2"});
    mount("/", root);
    disk("/dev/sda", kTable);
    disk("/dev/sdb", kOtherTable);
    disk("/dev/sdc", "").of_system = false;
    EXPECT_EQ(
        proposed()["disk"],
        "[{ ptuuid = \"" + std::string(kTable) + "\" }, { ptuuid = \"" + kOtherTable + "\" }]");

    facts_.machine.disks[1].observed.bios_boot.reset();
    EXPECT_EQ(proposed()["disk"], "{ ptuuid = \"" + std::string(kTable) + "\" }");
    EXPECT_THAT(proposal_.warnings, ElementsAre(HasSubstr("/dev/sdb: the disk has a GPT but no")));
}

TEST_F(InitChoice, DisksWithOnePartitionTableUuidAreNamedOtherwise) {
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable).name = "/dev/disk/by-id/ata-ONE";
    disk("/dev/sdb", kTable).of_system = false;
    EXPECT_EQ(proposed()["disk"], "\"/dev/disk/by-id/ata-ONE\"");
}

TEST_F(InitChoice, UefiWithOneEsp) {
    uefi();
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    esp("/dev/sda", "/boot/efi");
    EXPECT_THAT(proposed(),
                ElementsAre(std::pair("bootloader", "grub"),
                            std::pair("esp", "[\"/boot/efi\"]"),
                            std::pair("files", "\"/boot/grub\"")));
    EXPECT_THAT(proposal_.warnings, IsEmpty());
}

TEST_F(InitChoice, Uefi32OnA64BitProcessor) {
    uefi();
    facts_.machine.firmware.bits = 32;
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    esp("/dev/sda", "/boot/efi");
    EXPECT_EQ(proposed()["platforms"], "[\"i386-efi\"]");
}

TEST_F(InitChoice, TwoEspsOnTwoDisksAreMirrored) {
    uefi();
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    disk("/dev/sdb", kOtherTable);
    esp("/dev/sda", "/boot/efi");
    esp("/dev/sdb", "/boot/efi2", 500 * kMiB, "2C31-A17C");
    EXPECT_EQ(proposed()["esp"], "[\"/boot/efi\", \"/boot/efi2\"]");
    EXPECT_THAT(why("esp"), HasSubstr("2 disks"));
}

TEST_F(InitChoice, EspsThatCannotBeUsedAreNamed) {
    uefi();
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    disk("/dev/sdb", kOtherTable);
    DiskFacts& stick = disk("/dev/sdc", "2fc63daf-8483-4772-8e79-3d69d8477de4");
    stick.removable = true;
    stick.of_system = false;
    esp("/dev/sda", "/boot/efi");
    esp("/dev/sdb", "", 0, "AAAA-BBBB");
    esp("/dev/sdc", "/media/stick", 500 * kMiB, "2C31-A17C");
    EXPECT_EQ(proposed()["esp"], "[\"/boot/efi\"]");
    EXPECT_THAT(proposal_.warnings,
                ElementsAre(AllOf(HasSubstr("/dev/sdb1 is not mounted"),
                                  HasSubstr("UUID=AAAA-BBBB /boot/efi vfat")),
                            HasSubstr("/dev/sdc1 at /media/stick is left out")));
}

TEST_F(InitChoice, UefiNeedsAMountedEsp) {
    uefi();
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    EXPECT_THAT(refusal(), HasSubstr("has no EFI system partition"));
    esp("/dev/sda", "", 0, "AAAA-BBBB");
    EXPECT_THAT(refusal(),
                HasSubstr("/dev/sda1 is one: mount it, with a line like `UUID=AAAA-BBBB"));
}

TEST_F(InitChoice, OtherLoadersAreSaid) {
    uefi();
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    esp("/dev/sda", "/boot/efi").programs = {"EFI/BOOT/BOOTX64.EFI", "EFI/debian/shimx64.efi"};
    proposed();
    EXPECT_THAT(proposal_.warnings,
                ElementsAre(HasSubstr("/boot/efi/EFI/BOOT/BOOTX64.EFI is another loader's"),
                            HasSubstr("other loaders too (EFI/debian/shimx64.efi)")));
    facts_.machine.esps[0].programs = {"EFI/BOOT/BOOTX64.EFI", "EFI/cordwainer/grubx64.efi"};
    proposed();
    EXPECT_THAT(proposal_.warnings, IsEmpty());
}

TEST_F(InitChoice, AFirmwareThatHasOtherLoadersGetsAnEntry) {
    uefi();
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    esp("/dev/sda", "/boot/efi").programs = {"EFI/BOOT/BOOTX64.EFI", "EFI/debian/shimx64.efi"};
    auto& entries = facts_.machine.firmware.entries;
    entries = {{"disk", "EFI/BOOT/BOOTX64.EFI"}, {"debian", "EFI/debian/shimx64.efi"}};
    for (const char* bootloader : {"grub", "systemd-boot"}) {
        auto values = proposed();
        EXPECT_EQ(values["bootloader"], bootloader);
        EXPECT_EQ(values["removable"], "false");
        EXPECT_THAT(why("removable"), HasSubstr("\"debian\" starts EFI/debian/shimx64.efi"));
        EXPECT_THAT(proposal_.warnings,
                    Contains("/boot/efi has other loaders too (EFI/debian/shimx64.efi), which "
                             "stay."));
        EXPECT_THAT(proposal_.warnings, Not(Contains(HasSubstr("will be replaced"))));
        uninstall_grub();
        facts_.systemd_boot = {"x86_64-efi"};
    }
}

TEST_F(InitChoice, ALoaderThatTheFirmwareFindsByItselfIsNotReplaced) {
    uefi();
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    esp("/dev/sda", "/boot/efi").programs = {"EFI/BOOT/BOOTX64.EFI"};
    facts_.machine.firmware.entries.emplace();
    EXPECT_EQ(proposed()["removable"], "false");
    EXPECT_THAT(why("removable"), HasSubstr("/boot/efi/EFI/BOOT/BOOTX64.EFI"));
    // It is cordwainer's, or there is none.
    for (const auto& programs :
         {std::vector<std::string>{"EFI/BOOT/BOOTX64.EFI", "EFI/cordwainer/grubx64.efi"},
          std::vector<std::string>{}}) {
        facts_.machine.esps[0].programs = programs;
        EXPECT_FALSE(proposed().contains("removable"));
    }
}

TEST_F(InitChoice, SecureBootIsSaidWithWhatIsPossible) {
    uefi(SecureBoot::on);
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    esp("/dev/sda", "/boot/efi");
    proposed();
    ASSERT_THAT(proposal_.warnings, ElementsAre(HasSubstr("Secure Boot is on")));
    EXPECT_THAT(
        proposal_.warnings[0],
        AllOf(HasSubstr("will not start"), HasSubstr("switch Secure Boot off"), HasSubstr("sign")));
    EXPECT_THAT(proposal_toml(proposal_), HasSubstr("# Note: Secure Boot is on"));
}

TEST_F(InitChoice, RootOnLuks1) {
    mount("/", locked(luks1()));
    disk("/dev/sda", kTable);
    EXPECT_EQ(proposed()["files"], "\"/boot/grub\"");
    EXPECT_THAT(why("files"), HasSubstr("asks for its passphrase"));
}

TEST_F(InitChoice, RootOnLuks2WithPbkdf2) {
    mount("/", locked(luks2({"pbkdf2", "argon2id"})));
    disk("/dev/sda", kTable);
    EXPECT_EQ(proposed()["files"], "\"/boot/grub\"");
    EXPECT_THAT(proposal_.warnings, ElementsAre(HasSubstr("that use PBKDF2 only")));
}

TEST_F(InitChoice, RootOnLuks2WithArgon2AndABootOfItsOwn) {
    mount("/", locked(luks2({"argon2id"})));
    mount("/boot", ext4_on_gpt(grub::testing::kOtherUuid), "", 400 * kMiB);
    disk("/dev/sda", kTable);
    auto values = proposed();
    EXPECT_EQ(values["files"], "\"/boot/grub\"");
    EXPECT_EQ(values["max-generations"], "5");
    EXPECT_THAT(proposal_.warnings,
                ElementsAre(AllOf(HasSubstr("copied to /boot"), HasSubstr("no secrets"))));

    facts_.machine.free_bytes["/boot"] = 100 * kMiB;
    EXPECT_THAT(refusal(), HasSubstr("on /boot there is not room for the copies of two"));
}

TEST_F(InitChoice, RootOnLuks2WithArgon2OnBios) {
    mount("/", locked(luks2({"argon2id"})));
    disk("/dev/sda", kTable);
    EXPECT_THAT(refusal(),
                AllOf(HasSubstr("add a key slot with PBKDF2"),
                      HasSubstr("; an unencrypted ext4 of 512 MiB that is mounted at /boot")));
}

TEST_F(InitChoice, RootOnLuks2WithArgon2OnUefi) {
    uefi();
    mount("/", locked(luks2({"argon2id"})));
    disk("/dev/sda", kTable);
    esp("/dev/sda", "/boot/efi");
    EXPECT_EQ(proposed()["files"], "\"/boot/efi/grub\"");
    EXPECT_THAT(why("files"), HasSubstr("argon2id"));
    EXPECT_THAT(proposal_.warnings, ElementsAre(HasSubstr("copied to /boot/efi")));

    facts_.machine.free_bytes["/boot/efi"] = 80 * kMiB;
    EXPECT_THAT(refusal(), HasSubstr("there is not room for two generations: 80.0 MiB are free"));
}

TEST_F(InitChoice, RootOnLayersThatAreNotKnown) {
    Volume root;
    root.unknown = "/dev/dm-0 is made of /dev/sda2 in a way that is not known here";
    mount("/", root);
    disk("/dev/sda", kTable);
    EXPECT_THAT(refusal(),
                HasSubstr("/boot/grub lies in a file system that cannot be described (/dev/dm-0 is "
                          "made of /dev/sda2 in a way that is not known here); an unencrypted ext4 "
                          "of 512 MiB that is mounted at /boot would do"));
    facts_.machine.volumes.clear();
    EXPECT_THAT(refusal(),
                HasSubstr("/boot/grub lies in a file system that is not known here; an unencrypted "
                          "ext4 of 512 MiB that is mounted at /boot would do"));
}

TEST_F(InitChoice, RootOnABtrfsSubvolume) {
    Volume root = ext4_on_gpt();
    root.file_system = "btrfs";
    root.features = {};
    mount("/", root, "/@root");
    disk("/dev/sda", kTable);
    EXPECT_EQ(proposed()["files"], "\"/boot/grub\"");
    EXPECT_THAT(why("files"), HasSubstr("(subvolume /@root)"));
}

TEST_F(InitChoice, FileSystemsThatCannotBeWrittenSafelyGetNoMenu) {
    package_.add_modules({"f2fs"});
    install_grub();
    Volume root = ext4_on_gpt();
    root.file_system = "f2fs";
    root.features = {};
    mount("/", root);
    disk("/dev/sda", kTable);
    EXPECT_THAT(refusal(), HasSubstr("no update is safe against power cuts"));
}

TEST_F(InitChoice, OnlySystemdBootIsInstalled) {
    uefi();
    uninstall_grub();
    facts_.systemd_boot = {"x86_64-efi", "arm64-efi"};
    mount("/", locked(luks2({"argon2id"})));
    disk("/dev/sda", kTable);
    esp("/dev/sda", "/boot/efi");
    EXPECT_THAT(proposed(),
                ElementsAre(std::pair("bootloader", "systemd-boot"),
                            std::pair("esp", "[\"/boot/efi\"]"),
                            std::pair("max-generations", "7")));
    EXPECT_THAT(proposal_.why, HasSubstr("GRUB cannot be used: it is not installed here"));

    facts_.machine.free_bytes["/boot/efi"] = 120 * kMiB;
    EXPECT_THAT(refusal(), HasSubstr("not room for the kernels of two generations"));
}

TEST_F(InitChoice, WhatStartsTheMachineNowComesFirst) {
    uefi();
    facts_.systemd_boot = {"x86_64-efi"};
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    esp("/dev/sda", "/boot/efi").programs = {"EFI/systemd/systemd-bootx64.efi"};
    EXPECT_EQ(proposed()["bootloader"], "systemd-boot");
    facts_.machine.esps[0].programs.insert(facts_.machine.esps[0].programs.begin(),
                                           "EFI/debian/grubx64.efi");
    EXPECT_EQ(proposed()["bootloader"], "grub");
}

TEST_F(InitChoice, WithNothingInstalledThePackagesAreNamed) {
    uninstall_grub();
    mount("/", ext4_on_gpt());
    disk("/dev/sda", kTable);
    EXPECT_THAT(refusal(), HasSubstr("Debian packages: grub-common and grub-pc-bin"));
    uefi();
    esp("/dev/sda", "/boot/efi");
    EXPECT_THAT(refusal(),
                AllOf(HasSubstr("Debian packages: grub-common and grub-efi-amd64-bin"),
                      HasSubstr("Debian package: systemd-boot-efi")));
}

TEST_F(InitChoice, AProcessorWithoutALoaderIsNamed) {
    uefi();
    facts_.machine.firmware.processor = "riscv64";
    EXPECT_THAT(refusal(), HasSubstr("there is none for riscv64"));
}

TEST_F(InitChoice, TheFileExplainsItselfInShortLines) {
    uefi(SecureBoot::on);
    mount("/", locked(luks2({"argon2id"})));
    disk("/dev/sda", kTable);
    esp("/dev/sda", "/boot/efi");
    proposed();
    const std::string text = proposal_toml(proposal_);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
    EXPECT_THAT(text, HasSubstr("bootloader = \"grub\"\n\n[grub]\n# "));
}

TEST_F(InitChoice, WhatWasFoundIsShown) {
    uefi(SecureBoot::on);
    mount("/", locked(luks2({"argon2id"})), "/@root");
    mount("/proc", {.layers = {}, .file_system = "proc", .features = {}, .uuid = {}, .label = {}});
    disk("/dev/sda", kTable).boot_code = DiskFacts::BootCode::grub;
    esp("/dev/sda", "/boot/efi").programs = {"EFI/debian/grubx64.efi"};
    const std::string text = findings_text(facts_);
    for (const char* line :
         {"UEFI, 64-bit, x86_64, Secure Boot on",
          "/dev/sda, 20.0 GiB, GPT with a BIOS boot partition, has the system, boot code: GRUB",
          "/dev/sda1, 512.0 MiB, at /boot/efi: EFI/debian/grubx64.efi",
          "/: ext4, /@root in LUKS2 (argon2id)",
          "2, Guix's",
          "GRUB for i386-pc, x86_64-efi, i386-efi, arm64-efi"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
    EXPECT_THAT(text, Not(HasSubstr("/proc")));
}

}  // namespace
}  // namespace cordwainer::cli
