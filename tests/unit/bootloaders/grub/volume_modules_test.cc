#include "bootloaders/grub/volume_modules.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

#include "tests/unit/bootloaders/grub/scenario.h"

namespace cordwainer::grub::testing {
namespace {

using Names = std::set<std::string>;

Names modules(const Volume& volume) {
    return modules_for(volume,
                       read_module_directory(FakePackage().get(), "/usr/lib/grub/i386-pc").value())
        .value();
}

Volume volume_on(std::vector<StorageLayer> layers, const std::string& file_system = "ext4") {
    Volume volume;
    volume.layers = std::move(layers);
    volume.file_system = file_system;
    return volume;
}

RaidArray array_of(const std::string& level, const std::string& metadata) {
    return {.uuid = "r", .level = level, .metadata = metadata};
}

TEST(ModulesFor, FollowTheLayers) {
    const PartitionTable gpt{PartitionTable::Kind::gpt};
    const PartitionTable mbr{PartitionTable::Kind::mbr};
    EXPECT_EQ(modules(volume_on({gpt})), (Names{"ext2", "part_gpt"}));
    EXPECT_EQ(modules(volume_on({mbr}, "btrfs")), (Names{"btrfs", "part_msdos"}));
    EXPECT_EQ(modules(volume_on({}, "vfat")), (Names{"fat"}));
    EXPECT_EQ(modules(volume_on({}, "zfs_member")), (Names{"zfs"}));
    EXPECT_EQ(modules(volume_on({array_of("raid1", "0.90"), gpt})),
              (Names{"ext2", "mdraid09", "part_gpt"}));
    EXPECT_EQ(modules(volume_on({array_of("raid5", "1.2")})),
              (Names{"ext2", "mdraid1x", "raid5rec"}));
    EXPECT_EQ(modules(volume_on({array_of("raid6", "1.0")})),
              (Names{"ext2", "mdraid1x", "raid6rec"}));
    EXPECT_EQ(
        modules(volume_on({LogicalVolume{.group_uuid = "", .volume_uuid = "", .type = "raid5"}})),
        (Names{"ext2", "lvm", "raid5rec"}));
}

TEST(ModulesFor, BringCipherAndHashesOfLuks) {
    LuksContainer container = luks1();
    container.cipher = "serpent-cbc-essiv:sha512";
    container.hash = "sha1";
    EXPECT_EQ(modules(volume_on({container})),
              (Names{"cryptodisk", "ext2", "gcry_serpent", "gcry_sha1", "gcry_sha512", "luks"}));
}

TEST(ModulesFor, BringTheHashOfLuks2sDigest) {
    LuksContainer container = luks2({"pbkdf2"});
    container.hash = "sha512";
    EXPECT_EQ(
        modules(volume_on({container})),
        (Names{"cryptodisk", "ext2", "gcry_rijndael", "gcry_sha256", "gcry_sha512", "luks2"}));
}

TEST(ModulesFor, NameWhatThereIsNoModuleFor) {
    LuksContainer container = luks1();
    container.cipher = "rot13-ecb";
    const auto made =
        modules_for(volume_on({container}),
                    read_module_directory(FakePackage().get(), "/usr/lib/grub/i386-pc").value());
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().message().find("rot13"), std::string::npos);
}

TEST(ParseCipher, TakesThePartsApart) {
    const CipherSpec essiv = parse_cipher("aes-cbc-essiv:sha256");
    EXPECT_EQ(essiv.cipher, "aes");
    EXPECT_EQ(essiv.mode, "cbc");
    EXPECT_EQ(essiv.iv, "essiv");
    EXPECT_EQ(essiv.iv_hash, "sha256");
    const CipherSpec ecb = parse_cipher("aes-ecb");
    EXPECT_EQ(ecb.mode, "ecb");
    EXPECT_EQ(ecb.iv, "");
    EXPECT_EQ(parse_cipher("").cipher, "");
}

}  // namespace
}  // namespace cordwainer::grub::testing
