#include "bootloaders/grub/boot_place.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/unit/bootloaders/grub/scenario.h"

namespace cordwainer::grub::testing {
namespace {

constexpr const char* kKernel = "/gnu/store/1-linux/bzImage";

std::vector<MountedVolume> mounted(const std::string& mount_point,
                                   Volume volume,
                                   const std::string& prefix = "") {
    return {{.mount_point = mount_point, .prefix = prefix, .volume = std::move(volume)}};
}

TEST(PlaceInStore, IsOnTheDeviceThatTheStoreNames) {
    const Store store{.device = uuid(kOtherUuid),
                      .mount_point = "/gnu",
                      .directory_prefix = std::nullopt,
                      .crypto_devices = {}};
    const auto volumes = mounted("/", ext4_on_gpt());
    const BootPlace place = place_in_store(store, kKernel, volumes);
    EXPECT_EQ(place.device, DeviceRef(uuid(kOtherUuid)));
    EXPECT_EQ(place.path, "/store/1-linux/bzImage");
    EXPECT_EQ(place.volume, nullptr);
}

TEST(PlaceInStore, KnowsTheVolumeWhereverItIsMounted) {
    const Store store{.device = uuid(kRootUuid),
                      .mount_point = "/",
                      .directory_prefix = "/@other",
                      .crypto_devices = {}};
    const auto volumes = mounted("/mnt", ext4_on_gpt());
    const BootPlace place = place_in_store(store, kKernel, volumes);
    EXPECT_EQ(place.volume, &volumes[0].volume);
    EXPECT_EQ(place.path, std::string("/@other") + kKernel);
}

TEST(PlaceInStore, TakesWhatTheStoreDoesNotSayFromTheMount) {
    Volume encrypted = ext4_on_gpt();
    encrypted.layers.emplace_back(luks1());
    const auto volumes = mounted("/", encrypted, "/@root");
    const BootPlace place = place_in_store(Store{}, kKernel, volumes);
    EXPECT_EQ(place.device, DeviceRef(uuid(kRootUuid)));
    EXPECT_EQ(place.path, std::string("/@root") + kKernel);
    EXPECT_EQ(place.crypto, std::vector{uuid(kLuksUuid)});
}

TEST(PlaceInStore, LeavesTheStoresPrefixAndContainersAsTheyAre) {
    Volume encrypted = ext4_on_gpt();
    encrypted.layers.emplace_back(luks1());
    const auto volumes = mounted("/", encrypted, "/@root");
    const Store store{.device = {},
                      .mount_point = "/",
                      .directory_prefix = "@old/",
                      .crypto_devices = {uuid(kOtherUuid)}};
    const BootPlace place = place_in_store(store, kKernel, volumes);
    EXPECT_EQ(place.path, std::string("/@old") + kKernel);
    EXPECT_EQ(place.crypto, std::vector{uuid(kOtherUuid)});
}

TEST(PlaceInStore, SearchesForTheFileWhereNothingIsKnown) {
    const BootPlace place = place_in_store(Store{}, kKernel, {});
    EXPECT_EQ(place.device, DeviceRef());
    EXPECT_EQ(place.path, kKernel);
}

TEST(PlaceInStore, FollowsTheMountOutsideTheStoresMountPoint) {
    const Store store{.device = uuid(kOtherUuid),
                      .mount_point = "/gnu/store",
                      .directory_prefix = "/@store",
                      .crypto_devices = {}};
    const auto volumes = mounted("/boot", ext4_on_gpt());
    const BootPlace place = place_in_store(store, "/boot/vmlinuz", volumes);
    EXPECT_EQ(place.device, DeviceRef(uuid(kRootUuid)));
    EXPECT_EQ(place.path, "/vmlinuz");
}

TEST(PlaceInStore, IsNotMisledByAMountPointThatOnlyBeginsTheSame) {
    const Store store{.device = uuid(kOtherUuid),
                      .mount_point = "/gn",
                      .directory_prefix = std::nullopt,
                      .crypto_devices = {}};
    EXPECT_EQ(place_in_store(store, kKernel, {}).device, DeviceRef());
}

TEST(PlaceOnTarget, PutsTheOffsetInFront) {
    BootSide target;
    target.offset = "/@root/boot/grub";
    target.uuid = uuid(kRootUuid);
    Volume encrypted = ext4_on_gpt();
    encrypted.layers.emplace_back(luks1());
    target.volume = encrypted;
    const BootPlace place = place_on_target(target, "/cordwainer/x");
    EXPECT_EQ(place.path, "/@root/boot/grub/cordwainer/x");
    EXPECT_EQ(place.crypto, std::vector{uuid(kLuksUuid)});
    EXPECT_EQ(place.volume, &*target.volume);
}

TEST(PlaceOnTarget, FallsBackToTheLabelThenToTheFile) {
    BootSide target;
    target.label = "root";
    EXPECT_EQ(place_on_target(target, "/x").device, DeviceRef(FileSystemLabel{"root"}));
    target.label.reset();
    EXPECT_EQ(place_on_target(target, "/x").device, DeviceRef());
}

TEST(BootPlace, IsBesideWhatOneSearchFinds) {
    const BootPlace one{.device = uuid(kRootUuid), .crypto = {}, .path = "/a", .volume = nullptr};
    BootPlace two = one;
    two.path = "/b";
    EXPECT_TRUE(one.beside(two));
    two.crypto = {uuid(kLuksUuid)};
    EXPECT_FALSE(one.beside(two));
}

}  // namespace
}  // namespace cordwainer::grub::testing
