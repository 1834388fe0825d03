#include "image/xts.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <gtest/gtest.h>
#include <string>

#include "core/sha256.h"

namespace cordwainer::image {
namespace {

std::string hex(ByteView bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        std::array<char, 3> digits{};
        (void)std::snprintf(digits.data(), digits.size(), "%02x", std::to_integer<unsigned>(byte));
        text += digits.data();
    }
    return text;
}

// IEEE 1619-2007, annex B, vector 4: AES-128, data unit 0.
Bytes key_128() {
    const auto first = *Digest::from_hex(
        "27182818284590452353602874713526"
        "31415926535897932384626433832795");
    return {first.bytes.begin(), first.bytes.end()};
}

Bytes counting(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i & 0xffU);
    return bytes;
}

TEST(XtsTest, VectorFour) {
    Bytes data = counting(512);
    ASSERT_TRUE(encrypt_xts(data, key_128(), 0, 512));
    EXPECT_EQ(hex(ByteView(data).first(32)),
              "27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c");
}

TEST(XtsTest, SectorsCountFromTheirPlace) {
    Bytes two = counting(1024);
    ASSERT_TRUE(encrypt_xts(two, key_128(), 7, 512));
    Bytes second = counting(512);
    ASSERT_TRUE(encrypt_xts(second, key_128(), 8, 512));
    EXPECT_TRUE(std::ranges::equal(ByteView(two).subspan(512), second));
    Bytes first = counting(512);
    ASSERT_TRUE(encrypt_xts(first, key_128(), 7, 512));
    EXPECT_TRUE(std::ranges::equal(ByteView(two).first(512), first));
}

TEST(XtsTest, LargeSectorsCountInUnitsOf512Bytes) {
    Bytes two = counting(8192);
    ASSERT_TRUE(encrypt_xts(two, key_128(), 0, 4096));
    Bytes second = counting(4096);
    ASSERT_TRUE(encrypt_xts(second, key_128(), 8, 4096));
    EXPECT_TRUE(std::ranges::equal(ByteView(two).subspan(4096), second));
}

}  // namespace
}  // namespace cordwainer::image
