#include "model/volume.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace cordwainer {
namespace {

TEST(Names, ComparesUuidsAndLabels) {
    Volume volume;
    const Uuid uuid = *Uuid::parse("3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3");
    EXPECT_FALSE(names(uuid, volume));
    EXPECT_FALSE(names(FileSystemLabel{""}, volume));
    volume.uuid = uuid;
    volume.label = "root";
    EXPECT_TRUE(names(uuid, volume));
    EXPECT_TRUE(names(*Uuid::parse("3F9C1A52-7B1E-4D0A-9C55-0E8D7A41B6C3"), volume));
    EXPECT_FALSE(names(*Uuid::parse("1C31-A17C"), volume));
    EXPECT_TRUE(names(FileSystemLabel{"root"}, volume));
    EXPECT_FALSE(names(FileSystemLabel{"Root"}, volume));
    EXPECT_FALSE(names(NfsExport{"root"}, volume));
    EXPECT_FALSE(names(DeviceRef{}, volume));
}

// The mount point of the volume of `path`; "none" where there is none.
std::string mount_of(const std::vector<std::string>& mount_points, const std::string& path) {
    std::vector<MountedVolume> volumes;
    for (const std::string& mount_point : mount_points) {
        MountedVolume volume;
        volume.mount_point = mount_point;
        volumes.push_back(volume);
    }
    const MountedVolume* found = volume_of(volumes, path);
    return found ? found->mount_point : "none";
}

TEST(VolumeOf, IsThatOfTheLongestMountPointAbove) {
    const std::vector<std::string> mounts = {"/boot", "/", "/boot/efi", "/gnu/store"};
    EXPECT_EQ(mount_of(mounts, "/"), "/");
    EXPECT_EQ(mount_of(mounts, "/etc"), "/");
    EXPECT_EQ(mount_of(mounts, "/boot"), "/boot");
    EXPECT_EQ(mount_of(mounts, "/boot/grub"), "/boot");
    EXPECT_EQ(mount_of(mounts, "/boot/efi/EFI"), "/boot/efi");
    EXPECT_EQ(mount_of(mounts, "/bootx"), "/");
    EXPECT_EQ(mount_of(mounts, "/gnu/stores"), "/");
    EXPECT_EQ(mount_of(mounts, "/gnu/store/x"), "/gnu/store");
}

TEST(VolumeOf, IsNoneWhereNothingIsMountedAbove) {
    EXPECT_EQ(mount_of({}, "/etc"), "none");
    EXPECT_EQ(mount_of({"/boot"}, "/etc"), "none");
}

}  // namespace
}  // namespace cordwainer
