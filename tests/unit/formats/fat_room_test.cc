#include "formats/fat_room.h"

#include <gtest/gtest.h>
#include <set>

#include "formats/fat_names.h"

namespace cordwainer {
namespace {

TEST(FatRoomTest, ItsNamesMakeADirectoryAsLargeAsPromised) {
    std::set<std::string> names;
    for (int number = 0; number < kFatRoomNames; ++number) {
        const std::string name = fat_room_name(number);
        EXPECT_EQ(wrong_fat_name(name), std::nullopt);
        // One entry, and one for every 13 characters.
        EXPECT_EQ((1 + (name.size() + 12) / 13) * 32, kFatRoomNameBytes);
        names.insert(name);
    }
    EXPECT_GE(names.size() * kFatRoomNameBytes, kFatRoom);
}

}  // namespace
}  // namespace cordwainer
