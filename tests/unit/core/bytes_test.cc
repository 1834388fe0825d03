#include "core/bytes.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>

namespace cordwainer {
namespace {

Bytes bytes_of(std::string_view text) {
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
}

TEST(Bytes, AreTextAndBack) {
    const std::string_view text("a\0\xff", 3);
    EXPECT_EQ(to_text(as_bytes(text)), text);
    EXPECT_EQ(as_bytes("").size(), 0U);
}

TEST(Bytes, ReadLittleEndianFields) {
    const Bytes bytes = bytes_of(std::string_view("\x01\x02\x83\x04\x05\x06\x07\x88", 8));
    EXPECT_EQ(le8_at(bytes, 2), 0x83);
    EXPECT_EQ(le16_at(bytes, 1), 0x8302);
    EXPECT_EQ(le32_at(bytes, 0), 0x04830201U);
    EXPECT_EQ(le64_at(bytes, 0), 0x8807060504830201U);
}

TEST(Bytes, ReadNothingThatIsNotWhollyThere) {
    const Bytes bytes = bytes_of("12345678");
    EXPECT_TRUE(le16_at(bytes, 6));
    EXPECT_FALSE(le16_at(bytes, 7));
    EXPECT_FALSE(le8_at(bytes, 8));
    EXPECT_FALSE(le64_at(bytes, 1));
    EXPECT_FALSE(le32_at(bytes, std::numeric_limits<std::size_t>::max()));
    EXPECT_FALSE(le32_at(bytes, std::numeric_limits<std::size_t>::max() - 2));
    EXPECT_FALSE(le8_at({}, 0));
}

TEST(Bytes, WriteLittleEndianFields) {
    Bytes bytes(6);
    ASSERT_TRUE(put_le(bytes, 1, 4, 0x11223344));
    EXPECT_EQ(to_text(bytes), std::string_view("\0\x44\x33\x22\x11\0", 6));
    ASSERT_TRUE(put_le(bytes, 5, 1, 0xfedc));  // the low byte
    EXPECT_EQ(le8_at(bytes, 5), 0xdc);
}

TEST(Bytes, WriteNothingThatDoesNotFit) {
    Bytes bytes(6);
    EXPECT_FALSE(put_le(bytes, 3, 4, 0xffffffff));
    EXPECT_FALSE(put_le(bytes, 0, 9, 1));
    EXPECT_FALSE(put_le(bytes, 7, 1, 1));
    EXPECT_FALSE(put_le(bytes, std::numeric_limits<std::size_t>::max(), 1, 1));
    EXPECT_EQ(bytes, Bytes(6));
}

TEST(Bytes, AreSlicedWithinTheirBounds) {
    const Bytes bytes = bytes_of("abcdef");
    EXPECT_EQ(to_text(*slice(bytes, 2, 3)), "cde");
    EXPECT_EQ(slice(bytes, 6, 0)->size(), 0U);
    EXPECT_FALSE(slice(bytes, 7, 0));
    EXPECT_FALSE(slice(bytes, 2, 5));
    EXPECT_FALSE(slice(bytes, 2, std::numeric_limits<std::size_t>::max()));
}

}  // namespace
}  // namespace cordwainer
