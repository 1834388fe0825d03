#include "cli/status_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apply/inventory.h"
#include "tests/support/boot_world.h"

namespace cordwainer::cli {
namespace {

using test::BootWorld;
using test::rel;
using test::Version;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Version kDataOne{.key = "k1", .menu = "one", .kernels = {"kernel 1"}};
const Version kDataTwo{.key = "k1", .menu = "two", .kernels = {"kernel 1", "kernel 2"}};
const std::string kModule = "cordwainer/k1/linux.mod";

class StatusFiles : public testing::Test {
  protected:
    StatusFiles() { EXPECT_TRUE(world.apply(world.plan(kDataOne)).result); }

    FilesState look(const Version& version) {
        auto state = look_at_files(world.files, rel("cordwainer"), {"files"}, world.plan(version));
        EXPECT_TRUE(state);
        return *std::move(state);
    }

    BootWorld world;
};

TEST_F(StatusFiles, OfWhatIsInstalledReadNoContent) {
    world.files.contents_read = 0;
    const FilesState state = look(kDataOne);
    EXPECT_EQ(world.files.contents_read, 0);
    EXPECT_EQ(state.files, 5U);
    EXPECT_GT(state.bytes, 0U);
    EXPECT_THAT(state.damage, IsEmpty());
    EXPECT_EQ(state.outdated, 0U);
    ASSERT_EQ(state.references.size(), 1U);
    EXPECT_EQ(state.references[0].path, "/gnu/store/one");
}

TEST_F(StatusFiles, SayWhatIsMissingAndChanged) {
    world.files.erase(kModule);
    world.files.put("grub.cfg", *world.files.text("grub.cfg"));  // same content, another file
    EXPECT_THAT(
        look(kDataOne).damage,
        ElementsAre(Damage{.path = rel(kModule), .kind = Damage::Kind::missing, .detail = {}},
                    Damage{.path = rel("grub.cfg"), .kind = Damage::Kind::changed, .detail = {}}));
}

TEST_F(StatusFiles, SayWhatACutRunLeft) {
    Inventory inventory = load_inventory(world.files, rel("cordwainer"))->inventory;
    inventory.files.at(rel(kModule)).pending = true;
    ASSERT_TRUE(save_inventory(world.files, rel("cordwainer"), inventory));
    EXPECT_THAT(
        look(kDataOne).damage,
        ElementsAre(Damage{.path = rel(kModule), .kind = Damage::Kind::unfinished, .detail = {}}));
}

TEST_F(StatusFiles, NameThoseThatFirmwareStarts) {
    Inventory inventory = load_inventory(world.files, rel("cordwainer"))->inventory;
    const OwnedFile file = inventory.files.at(rel(kModule));
    for (const char* path : {"EFI/BOOT/BOOTX64.EFI", "EFI/cordwainer/grubx64.efi", "EFI/x/.efi.d"})
        inventory.files.emplace(rel(path), file);
    ASSERT_TRUE(save_inventory(world.files, rel("cordwainer"), inventory));
    EXPECT_THAT(look(kDataOne).programs,
                ElementsAre(rel("EFI/BOOT/BOOTX64.EFI"), rel("EFI/cordwainer/grubx64.efi")));
}

TEST_F(StatusFiles, ThatMissedARunAreOutdated) {
    const FilesState state = look(kDataTwo);
    EXPECT_THAT(state.damage, IsEmpty());
    EXPECT_EQ(state.outdated, 2U);  // the new kernel, and the menu
}

TEST_F(StatusFiles, WithoutAnInventoryAreAllOutdated) {
    world.files.erase("cordwainer/inventory.0");
    world.files.erase("cordwainer/inventory.1");
    const FilesState state = look(kDataOne);
    EXPECT_EQ(state.files, 0U);
    EXPECT_EQ(state.outdated, 5U);
}

}  // namespace
}  // namespace cordwainer::cli
