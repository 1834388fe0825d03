// What lies between a machine's disks and its file systems.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/probe_luks.h"
#include "tests/unit/host/probe_machine.h"

namespace cordwainer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const StorageLayer kGpt = PartitionTable{.kind = PartitionTable::Kind::gpt};
const StorageLayer kMbr = PartitionTable{.kind = PartitionTable::Kind::mbr};

class ProbeStorage : public ProbedMachine {
  protected:
    void make_luks(const std::string& node, std::vector<std::string> options) {
        std::vector<std::string> arguments{"cryptsetup", "luksFormat", "-q", "--key-file", "-"};
        std::ranges::move(options, std::back_inserter(arguments));
        arguments.push_back(node);
        run(std::move(arguments), "secret");
    }

    // The root file system, made on the device of this name and number.
    void mount_root(const std::string& name, const std::string& number) {
        run({"mke2fs", "-q", "-t", "ext4", name});
        mount(20, 1, number, "/", "", "ext4", "/dev/" + name);
    }

    std::vector<StorageLayer> layers() {
        const auto probed = targets({file("/boot")});
        EXPECT_TRUE(probed) << probed.error().message();
        if (!probed || probed->found.empty()) return {};
        return probed->found[0].boot.volume->layers;
    }

    std::string error() {
        const auto probed = targets({file("/boot")});
        return probed ? "" : probed.error().message();
    }
};

TEST_F(ProbeStorage, Mbr) {
    add_device("sda", "8:0");
    run({"sfdisk", "-q", "sda"}, "label: dos\nstart=2048,type=83\n");
    add_device("sda/sda1", "8:1", 32);
    mount_root("sda1", "8:1");
    EXPECT_THAT(layers(), ElementsAre(kMbr));
}

TEST_F(ProbeStorage, Luks2InLvm) {
    add_gpt_disk("sda", "8", "a");
    make_luks("sda2",
              {"--type",
               "luks2",
               "--pbkdf",
               "pbkdf2",
               "--pbkdf-force-iterations",
               "1000",
               "--hash",
               "sha512",
               "--cipher",
               "aes-xts-plain64",
               "--sector-size",
               "4096",
               "--uuid",
               "9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821"});
    add_device("dm-0", "253:0", 16);
    add_mapper("dm-0", "CRYPT-LUKS2-9b2f6c1044d74e8ab1f35c0de7a98821-crypt");
    add_parts("dm-0", {"sda2"});
    add_device("dm-1", "253:1", 16);
    add_mapper("dm-1", "LVM-abcdefghijklmnopqrstuvwxyzABCDEF0123456789abcdefghijklmnopqrstuv");
    add_parts("dm-1", {"dm-0"});
    mount_root("dm-1", "253:1");
    const LuksContainer luks{.version = 2,
                             .uuid = *Uuid::parse("9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821"),
                             .key_derivations = {"pbkdf2"},
                             .cipher = "aes-xts-plain64",
                             .hash = "sha512",
                             .sector_size = 4096};
    const LogicalVolume volume{.group_uuid = "abcdef-ghij-klmn-opqr-stuv-wxyz-ABCDEF",
                               .volume_uuid = "012345-6789-abcd-efgh-ijkl-mnop-qrstuv",
                               .type = "linear"};
    EXPECT_THAT(layers(), ElementsAre(kGpt, StorageLayer(luks), StorageLayer(volume)));
}

TEST_F(ProbeStorage, Luks1OnAWholeDisk) {
    add_device("sdb", "8:16", 32);
    make_luks("sdb",
              {"--type",
               "luks1",
               "--pbkdf-force-iterations",
               "1000",
               "--hash",
               "sha256",
               "--cipher",
               "aes-xts-plain64",
               "--key-size",
               "256",
               "--uuid",
               "9b2f6c10-44d7-4e8a-b1f3-5c0de7a98822"});
    add_device("dm-0", "253:0", 16);
    add_mapper("dm-0", "CRYPT-LUKS1-9b2f6c1044d74e8ab1f35c0de7a98822-crypt");
    add_parts("dm-0", {"sdb"});
    mount_root("dm-0", "253:0");
    const LuksContainer luks{.version = 1,
                             .uuid = *Uuid::parse("9b2f6c10-44d7-4e8a-b1f3-5c0de7a98822"),
                             .key_derivations = {"pbkdf2"},
                             .cipher = "aes-xts-plain64",
                             .hash = "sha256",
                             .sector_size = 512};
    EXPECT_THAT(layers(), ElementsAre(StorageLayer(luks)));
}

TEST_F(ProbeStorage, KeySlotsInTheirOrder) {
    add_device("sdb", "8:16", 32);
    make_luks("sdb",
              {"--type",
               "luks2",
               "--pbkdf",
               "argon2id",
               "--pbkdf-force-iterations",
               "4",
               "--pbkdf-memory",
               "64",
               "--hash",
               "sha256"});
    write("dev/new-key", "other");
    run({"cryptsetup",
         "luksAddKey",
         "-q",
         "--key-file",
         "-",
         "--pbkdf",
         "pbkdf2",
         "--pbkdf-force-iterations",
         "1000",
         "--hash",
         "sha512",
         "sdb",
         "new-key"},
        "secret");
    const auto luks = read_luks(base_ / "dev/sdb");
    ASSERT_TRUE(luks) << luks.error().message();
    EXPECT_THAT(luks->key_derivations, ElementsAre("argon2id", "pbkdf2"));
    EXPECT_EQ(luks->hash, "sha512");
}

TEST_F(ProbeStorage, BrokenHeadersAreErrors) {
    add_device("sdb", "8:16", 32);
    EXPECT_THAT(read_luks(base_ / "dev/sdb").error().message(), HasSubstr("no LUKS header"));
    make_luks("sdb", {"--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"});
    run({"dd", "of=sdb", "bs=1", "seek=4100", "conv=notrunc", "status=none"}, "garbage");
    EXPECT_THAT(read_luks(base_ / "dev/sdb").error().message(), HasSubstr("LUKS2 header"));
    write("dev/short", "LUKS\xba\xbe");
    EXPECT_FALSE(read_luks(base_ / "dev/short"));
}

TEST_F(ProbeStorage, ArrayOfPartitions) {
    add_gpt_disk("sda", "8", "a");
    add_gpt_disk("sdb", "9", "b");
    // A superblock of version 1.2, as far as readers look (md(4); Linux, md_p.h): its magic number,
    // version, UUID, and where it is, in sectors.
    const std::string set_uuid = "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef";
    std::string superblock(256, '\0');
    superblock.replace(0, 8, std::string("\xfc\x4e\x2b\xa9\x01\0\0\0", 8));
    superblock.replace(16, 16, set_uuid);
    superblock.replace(144, 1, "\x08");
    superblock.replace(168, 16, "member of a raid");
    for (const char* member : {"sda2", "sdb2"}) {
        run({"dd", std::string("of=") + member, "bs=4096", "seek=1", "conv=notrunc", "status=none"},
            superblock);
    }
    add_device("md0", "10:0", 16);
    add_parts("md0", {"sda2", "sdb2"});
    write("sys/devices/md0/md/level", "raid1\n");
    write("sys/devices/md0/md/metadata_version", "1.2\n");
    mount_root("md0", "10:0");
    const RaidArray array{
        .uuid = "0123456789abcdef0123456789abcdef", .level = "raid1", .metadata = "1.2"};
    EXPECT_THAT(layers(), ElementsAre(kGpt, StorageLayer(array)));
}

TEST_F(ProbeStorage, BtrfsOnTwoContainersNeedsBoth) {
    constexpr const char* kStorageUuid = "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3";
    for (const char* number : {"0", "1"}) {
        const std::string disk = std::string("sd") + (number[0] == '0' ? "a" : "b");
        add_gpt_disk(disk, number[0] == '0' ? "8" : "9", number);
        make_luks(disk + "2",
                  {"--type",
                   "luks2",
                   "--pbkdf",
                   "pbkdf2",
                   "--pbkdf-force-iterations",
                   "1000",
                   "--uuid",
                   std::string("9b2f6c10-44d7-4e8a-b1f3-5c0de7a9882") + number});
        const std::string mapped = std::string("dm-") + number;
        add_device(mapped, std::string("253:") + number, 128);
        add_mapper(mapped, "CRYPT-LUKS2-9b2f6c1044d74e8ab1f35c0de7a98822-crypt");
        add_parts(mapped, {disk + "2"});
        write(std::string("sys/fs/btrfs/") + kStorageUuid + "/devices/" + mapped, "");
    }
    run({"mkfs.btrfs", "-q", "-U", kStorageUuid, "-m", "raid1", "dm-0", "dm-1"});
    mount(20, 1, "0:30", "/", "", "btrfs", "/dev/dm-1");
    const auto found = layers();
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0], kGpt);
    EXPECT_EQ(std::get<LuksContainer>(found[1]).uuid.text().back(), '1');
    EXPECT_EQ(std::get<LuksContainer>(found[2]).uuid.text().back(), '0');
}

TEST_F(ProbeStorage, WhatCannotBeDescribedIsAnError) {
    add_gpt_disk("sda", "8", "a");
    add_device("dm-0", "253:0", 16);
    add_mapper("dm-0", "CRYPT-PLAIN-secret");
    add_parts("dm-0", {"sda2"});
    mount_root("dm-0", "253:0");
    EXPECT_THAT(error(), HasSubstr("CRYPT-PLAIN-secret"));
    const auto probe = open();
    ASSERT_TRUE(probe);
    EXPECT_EQ(probe->volumes().at(0).volume.file_system, "");
}

}  // namespace
}  // namespace cordwainer
