#include "image/partition_types.h"

#include <gtest/gtest.h>

namespace cordwainer::image {
namespace {

TEST(PartitionTypesTest, FindsNamesGuidsAndBytes) {
    const auto esp = find_partition_type("esp");
    ASSERT_TRUE(esp);
    EXPECT_EQ(esp->guid->text(), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    EXPECT_EQ(esp->mbr, 0xef);
    EXPECT_EQ(find_partition_type("bios-boot")->mbr, std::nullopt);
    EXPECT_EQ(find_partition_type("0FC63DAF-8483-4772-8E79-3D69D8477DE4")->guid->text(),
              "0fc63daf-8483-4772-8e79-3d69d8477de4");
    EXPECT_EQ(find_partition_type("0x83")->mbr, 0x83);
    for (const char* wrong :
         {"", "ESP", "0x00", "0x05", "0xee", "0x100", "0xg0", "83", "1C31-A17C"}) {
        EXPECT_FALSE(find_partition_type(wrong)) << wrong;
    }
}

TEST(PartitionTypesTest, EveryNameHasAGuid) {
    for (const std::string& name : partition_type_names()) {
        const auto type = find_partition_type(name);
        ASSERT_TRUE(type) << name;
        EXPECT_TRUE(type->guid) << name;
        EXPECT_EQ(type->name, name);
    }
}

}  // namespace
}  // namespace cordwainer::image
