#include "core/rel_path.h"

#include <gtest/gtest.h>

namespace cordwainer {
namespace {

TEST(RelPath, DropsSuperfluousSlashes) {
    for (const char* text : {"a/b", "/a/b", "a/b/", "//a///b//"}) {
        const auto path = RelPath::parse(text);
        ASSERT_TRUE(path) << text;
        EXPECT_EQ(path->text(), "a/b");
        EXPECT_EQ(path->name(), "b");
    }
    EXPECT_EQ(RelPath::parse("only")->name(), "only");
}

TEST(RelPath, RefusesWhatCouldClimb) {
    for (const char* text : {"..", "a/..", "../a", "a/../b", ".", "./a", "a/.", "", "/", "//"}) {
        const auto path = RelPath::parse(text);
        ASSERT_FALSE(path) << text;
        EXPECT_EQ(path.error().code, Errc::invalid_input);
        EXPECT_NE(path.error().message().find(text), std::string::npos);
    }
    EXPECT_FALSE(RelPath::parse(std::string_view("a\0b", 3)));
}

TEST(RelPath, TakesNamesThatOnlyLookLikeDots) {
    for (const char* text : {"...", "..a", "a..", ".hidden"}) {
        EXPECT_TRUE(RelPath::parse(text)) << text;
    }
}

TEST(RelPath, Joins) {
    const RelPath joined = *RelPath::parse("EFI") / *RelPath::parse("/BOOT/BOOTX64.EFI");
    EXPECT_EQ(joined.text(), "EFI/BOOT/BOOTX64.EFI");
    EXPECT_LT(*RelPath::parse("a"), *RelPath::parse("b"));
}

}  // namespace
}  // namespace cordwainer
