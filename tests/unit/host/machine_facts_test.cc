// What is seen of a machine, on devices that the real programs have made.
#include "host/machine_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/efi_load_option.h"
#include "host/firmware_variables.h"
#include "tests/unit/host/probe_machine.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using SecureBoot = FirmwareFacts::SecureBoot;

class MachineFactsTest : public ProbedMachine {
  protected:
    // A GPT disk with an ESP (vfat) and an ext4 that is the root.
    void add_uefi_disk(const std::string& name, const std::string& major) {
        add_device(name, major + ":0");
        run({"sfdisk", "-q", name},
            "label: gpt\nlabel-id: A0000000-0000-4000-8000-000000000000\n"
            "start=2048,size=65536,type=U\nstart=67584,size=32768,type=L\n");
        add_device(name + "/" + name + "1", major + ":1", 32);
        add_device(name + "/" + name + "2", major + ":2", 16);
        write("sys/devices/" + name + "/device/model", "DISK OF TESTS   \n");
        run({"mkfs.fat", "-i", "1C31A17C", name + "1"});
        run({"mke2fs", "-q", "-t", "ext4", name + "2"});
    }

    [[nodiscard]] MachineFacts look() const {
        const auto system = Root::open((base_ / "root").string());
        EXPECT_TRUE(system);
        const auto facts = look_at_machine(
            *system,
            {.mountinfo = base_ / "mountinfo", .sys = base_ / "sys", .dev = base_ / "dev"});
        EXPECT_TRUE(facts) << facts.error().message();
        return facts ? *facts : MachineFacts{};
    }
};

TEST_F(MachineFactsTest, UefiWithAnEspThatHasLoaders) {
    add_uefi_disk("sda", "8");
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    mount(21, 20, "8:1", "/", "/boot/efi", "vfat", "/dev/sda1");
    write("root/boot/efi/EFI/BOOT/BOOTX64.EFI", "x");
    write("root/boot/efi/EFI/debian/grubx64.efi", "x");
    write("root/boot/efi/EFI/debian/grub.cfg", "x");
    write("sys/firmware/efi/fw_platform_size", "32\n");
    write("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
          std::string("\x06\0\0\0\x01", 5));
    fs::create_directories(base_ / "dev/disk/by-id");
    fs::create_symlink("../../sda", base_ / "dev/disk/by-id/wwn-0x5");
    fs::create_symlink("../../sda", base_ / "dev/disk/by-id/ata-TESTS");

    const MachineFacts facts = look();
    EXPECT_TRUE(facts.firmware.uefi);
    EXPECT_EQ(facts.firmware.bits, 32);
    EXPECT_EQ(facts.firmware.secure_boot, SecureBoot::on);
    ASSERT_EQ(facts.disks.size(), 1U);
    const DiskFacts& disk = facts.disks[0];
    EXPECT_EQ(disk.node, (base_ / "dev/sda").string());
    EXPECT_EQ(disk.name, "/dev/disk/by-id/ata-TESTS");
    EXPECT_EQ(disk.vendor, "DISK OF TESTS");
    EXPECT_EQ(disk.table_uuid, "a0000000-0000-4000-8000-000000000000");
    EXPECT_TRUE(disk.of_system);
    EXPECT_FALSE(disk.removable);
    EXPECT_EQ(disk.observed.table, PartitionTable::Kind::gpt);
    EXPECT_EQ(disk.boot_code, DiskFacts::BootCode::none);
    ASSERT_EQ(facts.esps.size(), 1U);
    EXPECT_EQ(facts.esps[0].disk, disk.node);
    EXPECT_EQ(facts.esps[0].uuid, "1C31-A17C");
    EXPECT_EQ(facts.esps[0].mount_point, "/boot/efi");
    EXPECT_THAT(facts.esps[0].programs,
                ElementsAre("EFI/BOOT/BOOTX64.EFI", "EFI/debian/grubx64.efi"));
    EXPECT_GT(facts.free_bytes.at("/"), 0U);
    EXPECT_THAT(facts.unseen, IsEmpty());
}

TEST_F(MachineFactsTest, TheFirmwaresListAsItIsTried) {
    add_uefi_disk("sda", "8");
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    fs::create_directories(base_ / "sys/firmware/efi");
    EXPECT_EQ(look().firmware.entries, std::nullopt);

    const auto put = [&](const std::string& name, ByteView value) {
        write("root/sys/firmware/efi/efivars/" + name + "-" + kEfiGlobal,
              std::string("\x07\0\0\0", 4) + std::string(to_text(value)));
    };
    const EfiPartition partition = *efi_partition("3f9c1a52-0000-4000-8000-000000000001");
    put("Boot0001", render_load_option("Debian", {partition, "EFI/debian/shimx64.efi"}));
    put("Boot0002", render_load_option("Old", {partition, "EFI/old/grubx64.efi"}));
    put("Boot0003", render_load_option("Windows", {partition, "EFI/Microsoft/bootmgfw.efi"}));
    Bytes off = render_load_option("Off", {partition, "EFI/off/grubx64.efi"});
    off[0] = std::byte{0};
    put("Boot0004", off);
    put("Boot0005", Bytes(3));
    put("BootOrder", as_bytes(std::string_view("\3\0\5\0\4\0\1\0", 8)));
    EXPECT_EQ(look().firmware.entries,
              (std::vector<LoaderEntry>{{"Windows", "EFI/Microsoft/bootmgfw.efi"},
                                        {"Debian", "EFI/debian/shimx64.efi"}}));
}

TEST_F(MachineFactsTest, BiosWithBootCodeAndAnEspThatIsNotMounted) {
    add_uefi_disk("sda", "8");
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    run({"sh", "-c", "printf 'code GRUB \\0Geom' | dd of=sda conv=notrunc 2>/dev/null"});
    const MachineFacts facts = look();
    EXPECT_FALSE(facts.firmware.uefi);
    ASSERT_EQ(facts.disks.size(), 1U);
    EXPECT_EQ(facts.disks[0].boot_code, DiskFacts::BootCode::grub);
    ASSERT_EQ(facts.esps.size(), 1U);
    EXPECT_EQ(facts.esps[0].mount_point, std::nullopt);
}

TEST_F(MachineFactsTest, WhatIsNoDiskOfTheMachineIsLeftOut) {
    add_uefi_disk("sda", "8");
    add_device("loop0", "7:0");
    add_device("sdb", "8:16", 0);  // a card reader without a card
    write("sys/devices/sdb/device/model", "READER\n");
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    EXPECT_EQ(look().disks.size(), 1U);
}

TEST_F(MachineFactsTest, WhatCannotBeReadIsSaidAndTheRestIsSeen) {
    add_uefi_disk("sda", "8");
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    add_device("sdb", "8:16");
    write("sys/devices/sdb/device/model", "BROKEN\n");
    fs::remove(base_ / "dev/sdb");
    const MachineFacts facts = look();
    EXPECT_EQ(facts.disks.size(), 1U);
    EXPECT_THAT(facts.unseen, ElementsAre(HasSubstr("dev/sdb could not be looked at")));
}

TEST_F(MachineFactsTest, DisksBelowAnEncryptedRootAreTheSystems) {
    add_uefi_disk("sda", "8");
    add_uefi_disk("sdb", "9");
    add_device("dm-0", "253:0", 16);
    add_mapper("dm-0", "CRYPT-LUKS2-0000-root");
    add_parts("dm-0", {"sdb2"});
    mount(20, 1, "253:0", "/", "", "ext4", "/dev/mapper/root");
    const MachineFacts facts = look();
    ASSERT_EQ(facts.disks.size(), 2U);
    EXPECT_FALSE(facts.disks[0].of_system);
    EXPECT_TRUE(facts.disks[1].of_system);
}

}  // namespace
}  // namespace cordwainer
