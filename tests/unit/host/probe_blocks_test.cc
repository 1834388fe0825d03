// Block targets of a machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <span>

#include "core/bytes.h"
#include "core/sha256.h"
#include "formats/grub_boot_sector.h"
#include "sys/file_io.h"
#include "tests/unit/host/probe_machine.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = BlockId::Kind;

constexpr const char* kBlocksUuid = "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3";

std::string with_seed(char seed, const std::string& last) {
    return std::string(1, seed) + "0000000-0000-4000-8000-00000000000" + last;
}

class ProbeBlocks : public ProbedMachine {
  protected:
    void make_ext4(const std::string& name) {
        run({"mke2fs", "-q", "-t", "ext4", "-L", "store", "-U", kBlocksUuid, name});
    }

    // The device of the target, and the target.
    std::string device_of(const TargetSpec& spec, Target* target = nullptr) {
        const auto probed = targets({spec});
        EXPECT_TRUE(probed) << probed.error().message();
        if (!probed || probed->found.size() != 1) {
            ADD_FAILURE() << (probed && !probed->unreached.empty() ? probed->unreached[0].why : "");
            return "";
        }
        if (target) *target = probed->found[0];
        return fs::relative(probed->devices.at({spec.tag}), base_).string();
    }

    std::string error_of(const TargetSpec& spec) {
        const auto probed = targets({spec});
        return probed ? "" : probed.error().message();
    }
};

TEST_F(ProbeBlocks, DiskOfAFileSystem) {
    add_gpt_disk("sda", "8", "a");
    add_gpt_disk("sdb", "9", "b");
    make_ext4("sda2");
    Target target;
    for (const Kind kind : {Kind::any_uuid, Kind::file_system_uuid}) {
        EXPECT_EQ(device_of(block(kind, kBlocksUuid), &target), "dev/sda");
        EXPECT_EQ(target.boot.uuid, Uuid::parse(kBlocksUuid));
        EXPECT_EQ(target.boot.label, "store");
        EXPECT_EQ(target.boot.offset, std::nullopt);
    }
    EXPECT_EQ(device_of(block(Kind::label, "store"), &target), "dev/sda");
    EXPECT_EQ(target.boot.uuid, Uuid::parse(kBlocksUuid));
    const auto& disk = std::get<ObservedDisk>(target.observed);
    EXPECT_EQ(disk.table, PartitionTable::Kind::gpt);
    EXPECT_EQ(disk.sector_size, 512U);
    EXPECT_EQ(disk.bios_boot, (SectorRange{.first_lba = 2048, .count = 2048}));
    EXPECT_EQ(disk.gap, std::nullopt);
    EXPECT_FALSE(disk.unknown_data);
}

TEST_F(ProbeBlocks, PartitionsAndTables) {
    add_gpt_disk("sda", "8", "a");
    add_gpt_disk("sdb", "9", "b");
    make_ext4("sdb2");
    Target target;
    for (const Kind kind : {Kind::any_uuid, Kind::partition_uuid}) {
        EXPECT_EQ(device_of(block(kind, with_seed('b', "2")), &target), "dev/sdb");
        EXPECT_EQ(target.boot.uuid, std::nullopt);
        EXPECT_EQ(target.boot.label, "store");
    }
    for (const Kind kind : {Kind::any_uuid, Kind::partition_table_uuid}) {
        EXPECT_EQ(device_of(block(kind, with_seed('B', "0")), &target), "dev/sdb");
        EXPECT_EQ(target.boot.uuid, std::nullopt);
        EXPECT_EQ(target.boot.label, std::nullopt);
    }
}

TEST_F(ProbeBlocks, FileSystemComesBeforePartitionOfTheSameUuid) {
    add_gpt_disk("sda", "8", "a");
    add_gpt_disk("sdb", "9", "b");
    run({"mke2fs", "-q", "-t", "ext4", "-U", with_seed('b', "2"), "sda2"});
    EXPECT_EQ(device_of(block(Kind::any_uuid, with_seed('b', "2"))), "dev/sda");
    EXPECT_EQ(device_of(block(Kind::partition_uuid, with_seed('b', "2"))), "dev/sdb");
}

TEST_F(ProbeBlocks, DevicePath) {
    add_gpt_disk("sda", "8", "a");
    fs::create_directories(base_ / "dev/disk/by-id");
    fs::create_symlink("../../sda", base_ / "dev/disk/by-id/ata-1");
    EXPECT_EQ(device_of(block(Kind::device_path, "/dev/disk/by-id/ata-1")), "dev/sda");
    const auto probed = targets({block(Kind::device_path, "/dev/sda")});
    ASSERT_TRUE(probed);
    ASSERT_EQ(probed->warnings.size(), 1U);
    EXPECT_THAT(probed->warnings[0], HasSubstr("config.toml:5:1: /dev/sda is looked up"));
    const auto twice = targets({block(Kind::device_path, "/dev/disk/by-id/ata-1"),
                                block(Kind::partition_table_uuid, with_seed('a', "0"))});
    ASSERT_FALSE(twice);
    EXPECT_THAT(twice.error().message(),
                HasSubstr("/dev/disk/by-id/ata-1 and " + with_seed('a', "0") +
                          " are one and the same disk"));
    EXPECT_THAT(error_of(block(Kind::device_path, "/dev/sda2")), HasSubstr("is no whole disk"));
    TargetSpec partition = block(Kind::device_path, "/dev/sda2");
    partition.tag = "boot-sector";
    EXPECT_EQ(device_of(partition), "dev/sda2");
}

TEST_F(ProbeBlocks, WhatIsNotThereIsUnreached) {
    add_gpt_disk("sda", "8", "a");
    for (const TargetSpec& spec : {block(Kind::device_path, "/dev/sdz"),
                                   block(Kind::any_uuid, kBlocksUuid),
                                   block(Kind::label, "gone"),
                                   block(Kind::partition_uuid, kBlocksUuid),
                                   block(Kind::partition_table_uuid, kBlocksUuid)}) {
        const auto probed = targets({spec});
        ASSERT_TRUE(probed) << probed.error().message();
        EXPECT_THAT(probed->found, IsEmpty());
        ASSERT_EQ(probed->unreached.size(), 1U);
        EXPECT_THAT(probed->unreached[0].why, HasSubstr(spec.block.value));
        EXPECT_THAT(probed->devices, IsEmpty());
    }
    EXPECT_THAT(error_of(block(Kind::this_image, "")), HasSubstr("no disk image"));
}

TEST_F(ProbeBlocks, CopiesAreRefusedByTheirNames) {
    add_gpt_disk("sda", "8", "a");
    add_gpt_disk("sdb", "9", "b");
    make_ext4("sda2");
    run({"cp", "sda2", "sdb2"});
    EXPECT_THAT(error_of(block(Kind::any_uuid, kBlocksUuid)), HasSubstr("dev/sda2 and "));
    EXPECT_THAT(error_of(block(Kind::label, "store")), HasSubstr("dev/sdb2 have all the label"));
    EXPECT_EQ(device_of(block(Kind::partition_uuid, with_seed('b', "2"))), "dev/sdb");
}

TEST_F(ProbeBlocks, FileSystemInAContainer) {
    add_gpt_disk("sda", "8", "a");
    run({"cryptsetup",
         "luksFormat",
         "-q",
         "--key-file",
         "-",
         "--pbkdf",
         "pbkdf2",
         "--pbkdf-force-iterations",
         "1000",
         "--uuid",
         "9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821",
         "sda2"},
        "secret");
    add_device("dm-0", "253:0", 16);
    add_mapper("dm-0", "CRYPT-LUKS2-9b2f6c1044d74e8ab1f35c0de7a98821-crypt");
    add_parts("dm-0", {"sda2"});
    make_ext4("dm-0");
    Target target;
    EXPECT_EQ(device_of(block(Kind::any_uuid, kBlocksUuid), &target), "dev/sda");
    EXPECT_EQ(target.boot.uuid, Uuid::parse(kBlocksUuid));
    EXPECT_EQ(device_of(block(Kind::any_uuid, "9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821"), &target),
              "dev/sda");
    EXPECT_EQ(target.boot.uuid, std::nullopt);
}

TEST_F(ProbeBlocks, PathsToOneDiskAreOne) {
    for (const char* name : {"sda", "sdb"}) add_gpt_disk(name, name[2] == 'a' ? "8" : "9", "a");
    make_ext4("sda2");
    run({"cp", "sda2", "sdb2"});
    run({"cp", "sda", "dm-0"});
    run({"cp", "sda2", "dm-1"});
    add_device("dm-0", "253:0");
    add_mapper("dm-0", "mpath-36001405");
    add_parts("dm-0", {"sda", "sdb"});
    add_device("dm-1", "253:1", 32);
    add_mapper("dm-1", "part2-mpath-36001405");
    add_parts("dm-1", {"dm-0"});
    for (const TargetSpec& spec : {block(Kind::any_uuid, kBlocksUuid),
                                   block(Kind::partition_uuid, with_seed('a', "2")),
                                   block(Kind::partition_table_uuid, with_seed('a', "0")),
                                   block(Kind::device_path, "/dev/dm-0")}) {
        EXPECT_EQ(device_of(spec), "dev/dm-0");
    }
}

TEST_F(ProbeBlocks, VolumeOnSeveralDisksNamesThem) {
    add_gpt_disk("sda", "8", "a");
    add_gpt_disk("sdb", "9", "b");
    add_device("sda/sda3", "8:3", 128);
    add_device("sdb/sdb3", "9:3", 128);
    run({"mkfs.btrfs", "-q", "-U", kBlocksUuid, "sda3", "sdb3"});
    EXPECT_THAT(error_of(block(Kind::any_uuid, kBlocksUuid)), HasSubstr("a volume on "));
    EXPECT_THAT(error_of(block(Kind::any_uuid, kBlocksUuid)), HasSubstr("ptuuid"));
    run({"cp", "sda3", "sdb3"});
    EXPECT_THAT(error_of(block(Kind::any_uuid, kBlocksUuid)),
                HasSubstr("have all the file system UUID"));
}

TEST_F(ProbeBlocks, GapOfAnMbr) {
    add_device("sda", "8:0");
    run({"sfdisk", "-q", "sda"}, "label: dos\nlabel-id: 0x1234abcd\nstart=2048,type=83\n");
    add_device("sda/sda1", "8:1", 32);
    Target target;
    EXPECT_EQ(device_of(block(Kind::partition_table_uuid, "1234ABCD"), &target), "dev/sda");
    EXPECT_EQ(device_of(block(Kind::partition_uuid, "1234abcd-01"), &target), "dev/sda");
    const auto& disk = std::get<ObservedDisk>(target.observed);
    EXPECT_EQ(disk.table, PartitionTable::Kind::mbr);
    EXPECT_EQ(disk.gap, (SectorRange{.first_lba = 1, .count = 2047}));
    EXPECT_EQ(disk.bios_boot, std::nullopt);
}

TEST_F(ProbeBlocks, DiskWithoutATable) {
    add_device("sda", "8:0");
    make_ext4("sda");
    Target target;
    EXPECT_EQ(device_of(block(Kind::label, "store"), &target), "dev/sda");
    EXPECT_EQ(std::get<ObservedDisk>(target.observed), ObservedDisk{});
}

TEST_F(ProbeBlocks, DiskWithTheRestsOfTwoFileSystems) {
    add_device("sda", "8:0");
    run({"mkfs.fat", "sda"});
    run({"mke2fs", "-q", "-t", "ext4", "other", "64M"});
    run({"dd",
         "if=other",
         "of=sda",
         "bs=1024",
         "skip=1",
         "seek=1",
         "count=1",
         "conv=notrunc",
         "status=none"});
    Target target;
    EXPECT_EQ(device_of(block(Kind::device_path, "/dev/sda"), &target), "dev/sda");
    EXPECT_EQ(target.boot.label, std::nullopt);
}

// On a partitioned disk, and on the partition for boot code, where a run would read boot code.
TEST_F(ProbeBlocks, WhatLooksLikeAFileSystemWhereNoneCanBe) {
    add_gpt_disk("sda", "8", "a");
    make_ext4("sda1");
    std::fstream disk(base_ / "dev/sda", std::ios::in | std::ios::out | std::ios::binary);
    constexpr std::streamoff kDescriptor = 32768;  // of ISO 9660, behind the GPT
    disk.seekp(kDescriptor) << "\1CD001\1";
    disk.seekp(kDescriptor + 40) << "REST" << std::string(28, ' ');
    disk.close();
    for (const char* label : {"store", "REST"}) {
        const auto probed = targets({block(Kind::label, label)});
        ASSERT_TRUE(probed) << probed.error().message();
        EXPECT_EQ(probed->unreached.size(), 1U) << label;
    }
    Target target;
    EXPECT_EQ(device_of(block(Kind::device_path, "/dev/sda"), &target), "dev/sda");
    EXPECT_EQ(target.boot.label, std::nullopt);
}

TEST_F(ProbeBlocks, LargeSectors) {
    add_device("sda", "8:0");
    write("sys/devices/sda/queue/logical_block_size", "4096\n");
    run({"fdisk", "-b", "4096", "sda"},
        "g\nn\n1\n256\n511\nt\n21686148-6449-6E6F-744E-656564454649\nw\n");
    Target target;
    EXPECT_EQ(device_of(block(Kind::device_path, "/dev/sda"), &target), "dev/sda");
    const auto& disk = std::get<ObservedDisk>(target.observed);
    EXPECT_EQ(disk.sector_size, 4096U);
    EXPECT_EQ(disk.bios_boot, (SectorRange{.first_lba = 256, .count = 256}));
}

// The data of a range that a boot image could go to.
class ProbeBootRange : public ProbeBlocks {
  protected:
    void SetUp() override {
        ProbeBlocks::SetUp();
        add_gpt_disk("sda", "8", "a");
    }

    void put(std::uint64_t lba, const std::string& bytes) {
        run({"dd",
             "of=sda",
             "bs=512",
             "seek=" + std::to_string(lba),
             "conv=notrunc",
             "status=none"},
            bytes);
    }

    // A core image by GRUB's own program, with the block list of its place as its installer writes
    // it.
    void put_core(std::uint64_t lba) {
        run({"grub-mkimage", "-O", "i386-pc", "-p", "/grub", "-o", "core", "biosdisk", "part_gpt"});
        auto core = read_text_file(base_ / "dev/core");
        ASSERT_TRUE(core);
        const std::span<std::byte> bytes = std::as_writable_bytes(std::span(*core));
        ASSERT_TRUE(put_le(bytes, 0x1f4, 8, lba + 1));
        ASSERT_TRUE(put_le(bytes, 0x1fc, 2, (core->size() + 511) / 512 - 1));
        put(lba, *core);
    }

    bool unknown_data() {
        Target target;
        (void)device_of(block(Kind::device_path, "/dev/sda"), &target);
        return std::get<ObservedDisk>(target.observed).unknown_data;
    }
};

TEST_F(ProbeBootRange, Zeros) {
    EXPECT_FALSE(unknown_data());
}

TEST_F(ProbeBootRange, CoreInEitherHalf) {
    put_core(2048);
    EXPECT_FALSE(unknown_data());
    put_core(3072);
    EXPECT_FALSE(unknown_data());
    put(3071, "the rest of a longer one");
    EXPECT_FALSE(unknown_data());
}

TEST_F(ProbeBootRange, OtherData) {
    put(4095, "x");
    EXPECT_TRUE(unknown_data());
}

TEST_F(ProbeBootRange, DataBehindACoreInItsOtherHalf) {
    put_core(2048);
    put(3500, "error correction");
    EXPECT_TRUE(unknown_data());
}

// Ours is known by its boot sector, and nothing else is read.
TEST_F(ProbeBootRange, MarkedBootSectorTellsThatTheRangeIsOurs) {
    put(4095, "x");
    std::string sector(440, '\0');
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(sector));
    ASSERT_TRUE(put_core_mark(bytes, sha256("a core")));
    for (const std::uint64_t lba : {2048, 3072}) {
        ASSERT_TRUE(put_le(bytes, kCorePointerOffset, 8, lba));
        put(0, sector);
        EXPECT_FALSE(unknown_data()) << lba;
    }
    ASSERT_TRUE(put_le(bytes, kCorePointerOffset, 8, 2050));
    put(0, sector);
    EXPECT_TRUE(unknown_data()) << "a range that was another one then";
}

TEST_F(ProbeBootRange, CoreElsewhere) {
    put_core(2050);
    EXPECT_TRUE(unknown_data());
}

}  // namespace
}  // namespace cordwainer
