#include "image/size_text.h"

#include <gtest/gtest.h>

namespace cordwainer::image {
namespace {

TEST(SizeTextTest, ReadsBytes) {
    EXPECT_EQ(parse_bytes("512B"), 512U);
    EXPECT_EQ(parse_bytes("3KiB"), 3072U);
    EXPECT_EQ(parse_bytes("2GiB"), 2U << 30U);
    for (const char* wrong : {"",
                              "64",
                              "64MB",
                              "MiB",
                              "-1MiB",
                              "1.5MiB",
                              "64 MiB",
                              "64MiBx",
                              "99999999999999999999B",
                              "4611686018427387904B",
                              "4194304TiB"}) {
        EXPECT_EQ(parse_bytes(wrong), std::nullopt) << wrong;
    }
    EXPECT_EQ(parse_bytes("4194303TiB"), std::uint64_t{4194303} << 40U);
}

TEST(SizeTextTest, ReadsSizes) {
    using Kind = Size::Kind;
    EXPECT_EQ(parse_size("64MiB"), (Size{.kind = Kind::fixed, .bytes = 64 * kMiB}));
    EXPECT_EQ(parse_size("rest"), (Size{.kind = Kind::rest}));
    EXPECT_EQ(parse_size("content"), (Size{.kind = Kind::content}));
    EXPECT_EQ(parse_size("content + 20%"), (Size{.kind = Kind::content, .percent = 20}));
    EXPECT_EQ(parse_size("content+64MiB"), (Size{.kind = Kind::content, .bytes = 64 * kMiB}));
    for (const char* wrong : {"contents",
                              "content 20%",
                              "content + ",
                              "content + 20",
                              "rest + 1MiB",
                              "content + 20%%",
                              "content + 10001%"}) {
        EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
    }
}

TEST(SizeTextTest, RoundsUp) {
    EXPECT_EQ(mib_text(1), "1 MiB");
    EXPECT_EQ(mib_text(kMiB), "1 MiB");
    EXPECT_EQ(mib_text(kMiB + 1), "2 MiB");
    EXPECT_EQ(round_up(0, 4), 0U);
    EXPECT_EQ(round_up(5, 4), 8U);
}

}  // namespace
}  // namespace cordwainer::image
