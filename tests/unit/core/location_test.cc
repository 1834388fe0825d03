#include "core/location.h"

#include <gtest/gtest.h>

namespace cordwainer {
namespace {

TEST(Location, CountsLinesAndColumnsFromOne) {
    const std::string_view source = "ab\ncd\n\ne";
    EXPECT_EQ(locate("f", source, 0).text(), "f:1:1");
    EXPECT_EQ(locate("f", source, 1).text(), "f:1:2");
    EXPECT_EQ(locate("f", source, 2).text(), "f:1:3");  // the newline belongs to its line
    EXPECT_EQ(locate("f", source, 3).text(), "f:2:1");
    EXPECT_EQ(locate("f", source, 6).text(), "f:3:1");
    EXPECT_EQ(locate("f", source, 7).text(), "f:4:1");
}

TEST(Location, IsTheEndForAnOffsetBeyondIt) {
    EXPECT_EQ(locate("f", "ab\nc", 4).text(), "f:2:2");
    EXPECT_EQ(locate("f", "ab\nc", 4000).text(), "f:2:2");
    EXPECT_EQ(locate("f", "", 0).text(), "f:1:1");
}

TEST(Location, ShowsAWholeFileByItsName) {
    EXPECT_EQ((Location{.file = "f", .line = 0, .column = 0}.text()), "f");
}

}  // namespace
}  // namespace cordwainer
