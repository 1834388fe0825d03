#include "apply/space.h"

#include <gtest/gtest.h>

namespace cordwainer {
namespace {

constexpr std::uint32_t kClusterBytes = 4096;

std::uint64_t peak(const std::vector<PlannedWrite>& writes) {
    return space_use(writes, kClusterBytes).peak;
}

std::int64_t change(const std::vector<PlannedWrite>& writes) {
    return space_use(writes, kClusterBytes).change;
}

TEST(Space, NothingTakesNothing) {
    EXPECT_EQ(peak({}), 0U);
    EXPECT_EQ(change({}), 0);
}

TEST(Space, FilesTakeWholeBlocks) {
    EXPECT_EQ(peak({{.size = 1}, {.size = 4096}, {.size = 4097}}), 4U * 4096U);
    EXPECT_EQ(peak({{.size = 0}}), 0U);
    EXPECT_EQ(change({{.size = 1}, {.size = 4096, .freed = 1}}), 4096);
}

TEST(Space, AReplacedFileIsThereUntilTheNewOneIs) {
    // 10 blocks new while the old 10 are there; afterwards nothing more is taken.
    EXPECT_EQ(peak({{.size = 40960, .freed = 40960}}), 40960U);
    EXPECT_EQ(change({{.size = 40960, .freed = 40960}}), 0);
    // The second replacement uses what the first has freed.
    EXPECT_EQ(peak({{.size = 40960, .freed = 40960}, {.size = 40960, .freed = 40960}}), 40960U);
    // What is freed beyond what was taken serves later writes.
    EXPECT_EQ(peak({{.size = 4096, .freed = 40960}, {.size = 36864}}), 4096U);
    EXPECT_EQ(peak({{.size = 4096, .freed = 40960}, {.size = 40960}}), 4096U);
    EXPECT_EQ(peak({{.size = 4096, .freed = 40960}, {.size = 45056}}), 8192U);
}

TEST(Space, WhatIsOnlyRemovedTakesNothing) {
    EXPECT_EQ(peak({{.freed = 40960}, {.size = 40960}}), 0U);
    EXPECT_EQ(change({{.freed = 40960}, {.size = 4096}}), 4096 - 40960);
}

}  // namespace
}  // namespace cordwainer
