#include "bootloaders/grub/version.h"

#include <gtest/gtest.h>

namespace cordwainer::grub {
namespace {

constexpr Version version(int major, int minor, int revision = 0, int update = 0) {
    return {.major = major, .minor = minor, .debian_revision = revision, .debian_update = update};
}

TEST(ParseVersion, ReadsReleasesAndDebianRevisions) {
    EXPECT_EQ(parse_version("2.06-13+deb12u2").value(), version(2, 6, 13, 2));
    EXPECT_EQ(parse_version("2.12").value(), version(2, 12));
    EXPECT_EQ(parse_version("2.12-9").value(), version(2, 12, 9));
    EXPECT_EQ(parse_version("2.06-3~deb11u6").value(), version(2, 6, 3));
    EXPECT_EQ(parse_version("2.14~rc1").value(), version(2, 14));
}

TEST(ParseVersion, RefusesOtherTexts) {
    for (const char* text : {"", "GRUB", "GRUB 2.12", "git", "2", "2.x"}) {
        EXPECT_FALSE(parse_version(text)) << text;
    }
}

TEST(Version, IsOrderedByReleaseFirst) {
    EXPECT_LT(version(2, 6, 13, 2), version(2, 12));
    EXPECT_LT(version(2, 6), version(2, 6, 1));
    EXPECT_LT(version(2, 6, 13), version(2, 6, 13, 2));
}

TEST(Version, IsShownAsGrubWritesIt) {
    EXPECT_EQ(version(2, 6, 13, 2).text(), "2.06");
    EXPECT_EQ(version(2, 12).text(), "2.12");
}

}  // namespace
}  // namespace cordwainer::grub
