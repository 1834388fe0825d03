#include "image/placement.h"

#include <gmock/gmock.h>

#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kGpt = R"({%
    "partition": [
        {"type": "bios-boot", "size": "1MiB"},
        {"type": "esp", "file-system": "vfat", "size": "64MiB", "alignment": "4MiB"},
        {"type": "linux", "file-system": "ext4", "mount": "/"%}]})";

Layout layout_of(std::string image, const std::string& last) {
    std::string text = kGpt;
    if (!image.empty()) image = "\"image\": " + image + ",";
    text.replace(text.find('%'), 1, image);
    text.replace(text.find('%'), 1, last);
    auto layout = layout_from(text);
    EXPECT_TRUE(layout) << layout.error().message();
    return layout.value_or(Layout{});
}

TEST(PlacementTest, PlacesEachAtItsAlignment) {
    const Layout layout = layout_of("", "");
    const auto placement = place(layout, {0, 0, 100 * kMiB});
    ASSERT_TRUE(placement);
    EXPECT_THAT(
        placement->partitions,
        ElementsAre(
            SectorRange{2048, 2048}, SectorRange{8192, 131072}, SectorRange{139264, 204800}));
    EXPECT_EQ(placement->disk_size, (68 + 100 + 1) * kMiB);
    EXPECT_EQ(bios_boot_range(layout), (SectorRange{2048, 2048}));
}

TEST(PlacementTest, GivesTheRest) {
    const auto placement =
        place(layout_of(R"({"size": "512MiB"})", R"(, "size": "rest")"), {0, 0, 16 * kMiB});
    ASSERT_TRUE(placement);
    // 33 sectors at the end are the second GPT.
    EXPECT_EQ(placement->partitions[2].first_lba + placement->partitions[2].count,
              512 * kMiB / kSector - 33);
}

TEST(PlacementTest, SaysHowMuchIsMissing) {
    const Layout layout = layout_of(R"({"size": "100MiB"})", "");
    const auto placement = place(layout, {0, 0, 100 * kMiB});
    ASSERT_FALSE(placement);
    EXPECT_EQ(placement.error().code, Errc::no_space);
    EXPECT_THAT(placement.error().message(), HasSubstr("69 MiB more than the image has"));
    EXPECT_THAT(placement.error().message(), HasSubstr("set size = \"169MiB\""));
    EXPECT_FALSE(
        place(layout_of(R"({"size": "86MiB"})", R"(, "size": "rest")"), {0, 0, 20 * kMiB}));
}

TEST(PlacementTest, AnMbrHasAGap) {
    const auto layout = layout_from(R"({"image": {"table": "mbr"}, "partition": [
        {"type": "linux", "size": "64MiB"}]})");
    ASSERT_TRUE(layout);
    EXPECT_EQ(mbr_gap(*layout), (SectorRange{1, 2047}));
    EXPECT_EQ(bios_boot_range(*layout), std::nullopt);
    EXPECT_EQ(place(*layout, {0})->disk_size, 65 * kMiB);
}

}  // namespace
}  // namespace cordwainer::image::test
