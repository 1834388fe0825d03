#include "image/volumes.h"

#include <gmock/gmock.h>

#include "image/ext4.h"
#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::HasSubstr;

constexpr const char* kLayout = R"({"partition": [
    {"type": "bios-boot", "size": "1MiB"},
    {"type": "esp", "file-system": "vfat", "size": "64MiB", "mount": "/boot/efi"},
    {"type": "linux", "file-system": "ext4", "size": "64MiB", "mount": "/boot",
     "file-system-label": "boot"},
    {"type": "linux", "file-system": "btrfs", "size": "256MiB",
     "encryption": {"type": "luks2", "passphrase": "x", "pbkdf": "argon2id", "sector-size": 4096,
                    "hash": "sha512"},
     "subvolumes": [{"name": "@root", "mount": "/"}, {"name": "@var", "mount": "/var"}]}]})";

TargetSpec file_target(const std::string& tag, const std::string& path) {
    TargetSpec spec;
    spec.tag = tag;
    spec.path = path;
    return spec;
}

TargetSpec block_target(const std::string& tag, const std::string& device) {
    TargetSpec spec;
    spec.tag = tag;
    spec.type = TargetType::block;
    spec.block.value = device;
    return spec;
}

TEST(VolumesTest, DescribesEveryMount) {
    const auto layout = layout_from(kLayout);
    ASSERT_TRUE(layout) << layout.error().message();
    const auto volumes = volumes_of(*layout);
    ASSERT_EQ(volumes.size(), 4U);
    EXPECT_EQ(volumes[0].mount_point, "/");
    EXPECT_EQ(volumes[0].prefix, "/@root");
    EXPECT_EQ(volumes[0].volume.file_system, "btrfs");
    ASSERT_EQ(volumes[0].volume.layers.size(), 2U);
    EXPECT_EQ(std::get<PartitionTable>(volumes[0].volume.layers[0]).kind,
              PartitionTable::Kind::gpt);
    const auto& luks = std::get<LuksContainer>(volumes[0].volume.layers[1]);
    EXPECT_EQ(luks.version, 2);
    EXPECT_EQ(luks.uuid, *layout->partitions[3].encryption->uuid);
    EXPECT_EQ(luks.key_derivations, std::vector<std::string>{"argon2id"});
    EXPECT_EQ(luks.hash, "sha512");
    EXPECT_EQ(luks.sector_size, 4096U);
    EXPECT_EQ(volumes[1].mount_point, "/boot");
    EXPECT_EQ(volumes[1].volume.features, ext4_features());
    EXPECT_EQ(volumes[1].volume.label, "boot");
    EXPECT_EQ(volumes[2].volume.uuid, layout->partitions[1].file_system_uuid);
    EXPECT_EQ(volumes[3].prefix, "/@var");
}

TEST(VolumesTest, TargetsAreBootSideData) {
    const auto layout = layout_from(kLayout);
    const auto targets = targets_for(*layout,
                                     {file_target("files", "/boot/grub"),
                                      file_target("esp", "/boot/efi"),
                                      file_target("other", "/srv/x"),
                                      block_target("disk", "/dev/sda"),
                                      block_target("disk", "/dev/sdb")});
    ASSERT_TRUE(targets) << targets.error().message();
    ASSERT_EQ(targets->size(), 4U);
    EXPECT_EQ(targets->at(0).boot.offset, "/grub");
    EXPECT_EQ(targets->at(0).boot.label, "boot");
    EXPECT_EQ(targets->at(1).boot.offset, "");
    EXPECT_EQ(targets->at(2).boot.offset, "/@root/srv/x");
    EXPECT_EQ(targets->at(3).id.text, "disk");
    EXPECT_EQ(targets->at(3).spec.block.kind, BlockId::Kind::this_image);
    EXPECT_EQ(targets->at(3).spec.block.value, "");
    const auto& disk = std::get<ObservedDisk>(targets->at(3).observed);
    EXPECT_EQ(disk.table, PartitionTable::Kind::gpt);
    EXPECT_EQ(disk.bios_boot, (SectorRange{2048, 2048}));
    EXPECT_EQ(disk.gap, std::nullopt);
    EXPECT_FALSE(disk.unknown_data);
}

TEST(VolumesTest, RefusesWhatTheImageHasNot) {
    const auto layout = layout_from(kLayout);
    const auto block = targets_for(*layout, {block_target("firmware", "/dev/mtd0")});
    ASSERT_FALSE(block);
    EXPECT_THAT(block.error().message(), HasSubstr("firmware: an image has no other block target"));
    const auto bare = layout_from(R"({"partition": [{"type": "linux", "size": "1MiB"}]})");
    const auto file = targets_for(*bare, {file_target("files", "/boot/grub")});
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().message(), HasSubstr("no partition of layout.toml holds /boot/grub"));
}

}  // namespace
}  // namespace cordwainer::image::test
