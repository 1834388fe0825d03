#include "core/sha256.h"

#include <gtest/gtest.h>
#include <utility>

namespace cordwainer {
namespace {

constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

// FIPS 180-4, its examples.
TEST(Sha256, HashesTheStandardsExamples) {
    EXPECT_EQ(sha256("").hex(), kEmpty);
    EXPECT_EQ(sha256("abc").hex(), kAbc);
    EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex(),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256(std::string(1'000'000, 'a')).hex(),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, TakesItsInputInPieces) {
    Sha256 hash;
    hash.update(as_bytes("a"));
    hash.update({});
    Sha256 moved = std::move(hash);
    moved.update(as_bytes("bc"));
    EXPECT_EQ(moved.finish().hex(), kAbc);
    EXPECT_EQ(Sha256().finish().hex(), kEmpty);
}

TEST(Digest, IsReadFromItsHexadecimalDigits) {
    const auto digest = Digest::from_hex(kAbc);
    ASSERT_TRUE(digest);
    EXPECT_EQ(*digest, sha256("abc"));
    std::string upper = kAbc;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(Digest::from_hex(upper), digest);
}

TEST(Digest, IsNotReadFromAnythingElse) {
    const std::string hex = kAbc;
    EXPECT_FALSE(Digest::from_hex(""));
    EXPECT_FALSE(Digest::from_hex(hex.substr(1)));
    EXPECT_FALSE(Digest::from_hex(hex + "0"));
    EXPECT_FALSE(Digest::from_hex(hex.substr(0, 63) + "g"));
    EXPECT_FALSE(Digest::from_hex("0x" + hex.substr(2)));
}

}  // namespace
}  // namespace cordwainer
