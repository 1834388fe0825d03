#include "formats/grub_boot_sector.h"

#include <gtest/gtest.h>

namespace cordwainer {
namespace {

TEST(GrubBootSector, AMarkIsFoundAgain) {
    Bytes sector(512);
    ASSERT_TRUE(put_le(sector, kCorePointerOffset, 8, 2048));
    EXPECT_EQ(core_mark(sector), std::nullopt);
    const Digest core = sha256("a core");
    ASSERT_TRUE(put_core_mark(sector, core));
    EXPECT_EQ(core_mark(sector), (CoreMark{.core = core, .first_lba = 2048}));
    EXPECT_FALSE(put_core_mark(sector, core)) << "its place is not empty";
}

TEST(GrubBootSector, CodeInThePlaceOfTheMarkIsLeft) {
    for (const std::size_t at : {0x30, 0x4f, 0x1b0, 0x1b7}) {
        Bytes sector(512);
        sector[at] = std::byte{0x90};
        const Bytes before = sector;
        EXPECT_FALSE(put_core_mark(sector, sha256("a core"))) << at;
        EXPECT_EQ(sector, before);
    }
}

TEST(GrubBootSector, OtherSizesHaveNone) {
    Bytes sector(0x1b7);
    EXPECT_FALSE(put_core_mark(sector, sha256("a core")));
    EXPECT_EQ(core_mark(sector), std::nullopt);
    EXPECT_EQ(core_mark({}), std::nullopt);
}

// What grub-install does to a sector: its own code, the parameter block and what begins at the
// disk's signature as they were.
TEST(GrubBootSector, GrubsInstallerTakesTheMarkAway) {
    Bytes ours(512);
    ASSERT_TRUE(put_core_mark(ours, sha256("a core")));
    Bytes sector(512);
    std::copy(ours.begin() + 0x03, ours.begin() + 0x5a, sector.begin() + 0x03);
    std::copy(ours.begin() + 0x1b8, ours.end(), sector.begin() + 0x1b8);
    EXPECT_EQ(core_mark(sector), std::nullopt);
}

}  // namespace
}  // namespace cordwainer
