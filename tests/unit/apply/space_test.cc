#include "apply/space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordwainer {
namespace {

TEST(Space, PeakOfNothingIsNothing) {
    EXPECT_EQ(peak_bytes({}, 4096), 0U);
}

TEST(Space, FilesTakeWholeBlocks) {
    EXPECT_EQ(peak_bytes({{.size = 1}, {.size = 4096}, {.size = 4097}}, 4096), 4U * 4096U);
    EXPECT_EQ(peak_bytes({{.size = 0}}, 4096), 0U);
}

TEST(Space, AReplacedFileIsThereUntilTheNewOneIs) {
    // 10 blocks new while the old 10 are there; afterwards nothing more is taken.
    EXPECT_EQ(peak_bytes({{.size = 40960, .freed = 40960}}, 4096), 40960U);
    // The second replacement uses what the first has freed.
    EXPECT_EQ(peak_bytes({{.size = 40960, .freed = 40960}, {.size = 40960, .freed = 40960}}, 4096),
              40960U);
    // What is freed beyond what was taken serves later writes.
    EXPECT_EQ(peak_bytes({{.size = 4096, .freed = 40960}, {.size = 36864}}, 4096), 4096U);
    EXPECT_EQ(peak_bytes({{.size = 4096, .freed = 40960}, {.size = 40960}}, 4096), 4096U);
    EXPECT_EQ(peak_bytes({{.size = 4096, .freed = 40960}, {.size = 45056}}, 4096), 8192U);
}

TEST(Space, SaysHowMuchIsMissing) {
    const std::vector<PlannedWrite> writes = {{.size = 30U << 20U}, {.size = 12U << 20U}};
    EXPECT_TRUE(check_space({"esp"}, writes, {.bytes = 42U << 20U}));
    const auto short_of = check_space({"esp"}, writes, {.bytes = 40U << 20U});
    ASSERT_FALSE(short_of);
    EXPECT_EQ(short_of.error().code, Errc::no_space);
    EXPECT_THAT(short_of.error().message(), ::testing::HasSubstr("esp"));
    EXPECT_THAT(short_of.error().message(), ::testing::HasSubstr("2.0 MiB are missing"));
}

}  // namespace
}  // namespace cordwainer
