#include "core/uuid.h"

#include <gtest/gtest.h>
#include <initializer_list>

namespace cordwainer {
namespace {

Bytes bytes(std::initializer_list<int> values) {
    Bytes result;
    for (const int value : values) result.push_back(static_cast<std::byte>(value));
    return result;
}

const Bytes kSixteen = bytes({0x3f,
                              0x9c,
                              0x1a,
                              0x52,
                              0x7b,
                              0x1e,
                              0x4d,
                              0x0a,
                              0x9c,
                              0x55,
                              0x0e,
                              0x8d,
                              0x7a,
                              0x41,
                              0xb6,
                              0xc3});

TEST(Uuid, ShowsDceBytesInOrder) {
    const auto uuid = Uuid::from_bytes(Uuid::Kind::dce, kSixteen);
    ASSERT_TRUE(uuid);
    EXPECT_EQ(uuid->text(), "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3");
    EXPECT_EQ(uuid->without_dashes(), "3f9c1a527b1e4d0a9c550e8d7a41b6c3");
    EXPECT_EQ(uuid->kind(), Uuid::Kind::dce);
}

// blkid prints the serial number of a FAT volume that is stored as 7c a1 31 1c as 1C31-A17C.
TEST(Uuid, ShowsFatAndNtfsSerialNumbersFromTheHighByteDown) {
    const auto fat = Uuid::from_bytes(Uuid::Kind::fat, bytes({0x7c, 0xa1, 0x31, 0x1c}));
    ASSERT_TRUE(fat);
    EXPECT_EQ(fat->text(), "1C31-A17C");
    EXPECT_EQ(fat->without_dashes(), "1C31A17C");
    const auto ntfs =
        Uuid::from_bytes(Uuid::Kind::ntfs, bytes({0x17, 0xe5, 0xd4, 0xc3, 0xb2, 0xa1, 0xf0, 0x0a}));
    ASSERT_TRUE(ntfs);
    EXPECT_EQ(ntfs->text(), "0AF0A1B2C3D4E517");
}

TEST(Uuid, ShowsIso9660DigitsAsATime) {
    const ByteView digits = as_bytes("2026112210000059");
    const auto uuid = Uuid::from_bytes(Uuid::Kind::iso9660, digits);
    ASSERT_TRUE(uuid);
    EXPECT_EQ(uuid->text(), "2026-11-22-10-00-00-59");
}

TEST(Uuid, RefusesBytesThatDoNotFitTheKind) {
    EXPECT_FALSE(Uuid::from_bytes(Uuid::Kind::dce, bytes({1, 2, 3, 4})));
    EXPECT_FALSE(Uuid::from_bytes(Uuid::Kind::fat, kSixteen));
    EXPECT_FALSE(Uuid::from_bytes(Uuid::Kind::ntfs, bytes({1, 2, 3, 4})));
    EXPECT_FALSE(Uuid::from_bytes(Uuid::Kind::iso9660, kSixteen));
    EXPECT_FALSE(Uuid::from_bytes(Uuid::Kind::dce, {}));
}

TEST(Uuid, ReadsEachNotationInEitherCase) {
    const auto kind_and_text = [](const char* text) {
        const auto uuid = Uuid::parse(text);
        return uuid ? std::pair(static_cast<int>(uuid->kind()), uuid->text())
                    : std::pair(-1, std::string());
    };
    using Pair = std::pair<int, std::string>;
    EXPECT_EQ(kind_and_text("3F9C1A52-7B1E-4D0A-9C55-0E8D7A41B6C3"),
              Pair(int(Uuid::Kind::dce), "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"));
    EXPECT_EQ(kind_and_text("1c31-a17c"), Pair(int(Uuid::Kind::fat), "1C31-A17C"));
    EXPECT_EQ(kind_and_text("0af0a1b2c3d4e517"), Pair(int(Uuid::Kind::ntfs), "0AF0A1B2C3D4E517"));
    EXPECT_EQ(kind_and_text("2026-11-22-10-00-00-00"),
              Pair(int(Uuid::Kind::iso9660), "2026-11-22-10-00-00-00"));
}

TEST(Uuid, ReadsNothingElse) {
    for (const char* text : {"",
                             "1C31A17C",
                             "1C31-A17G",
                             "3f9c1a527b1e4d0a9c550e8d7a41b6c3",
                             "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c",
                             "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3 ",
                             "2026-11-22-10-00-00-0a"}) {
        EXPECT_FALSE(Uuid::parse(text)) << text;
    }
}

}  // namespace
}  // namespace cordwainer
