#include "core/utf8.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <string>

namespace cordwainer {
namespace {

TEST(Utf8, AcceptsTheFirstAndLastCharacterOfEachLength) {
    for (const char* text : {"",
                             "a",
                             "\x7f",
                             "\xc2\x80",
                             "\xdf\xbf",
                             "\xe0\xa0\x80",
                             "\xed\x9f\xbf",
                             "\xee\x80\x80",
                             "\xef\xbf\xbf",
                             "\xf0\x90\x80\x80",
                             "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
        EXPECT_EQ(to_utf8(text), text);
    }
    EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

TEST(Utf8, RefusesIllFormedText) {
    for (const char* text : {"\x80",              // continuation alone
                             "\xc0\xaf",          // overlong
                             "\xc1\xbf",          // overlong
                             "\xe0\x9f\xbf",      // overlong
                             "\xf0\x8f\xbf\xbf",  // overlong
                             "\xed\xa0\x80",      // surrogate
                             "\xf4\x90\x80\x80",  // above U+10FFFF
                             "\xf5\x80\x80\x80",
                             "\xff",
                             "a\xe2\x82",  // cut off
                             "\xe2\x82z"}) {
        EXPECT_FALSE(is_utf8(text)) << text;
        EXPECT_TRUE(is_utf8(to_utf8(text))) << text;
    }
}

// Unicode 15, section 3.9: one U+FFFD for each maximal part that begins a character.
TEST(Utf8, ReplacesEachMaximalIllFormedPart) {
    EXPECT_EQ(to_utf8("a\xffz"), "a\xef\xbf\xbdz");
    EXPECT_EQ(to_utf8("\xe2\x82z"), "\xef\xbf\xbdz");
    EXPECT_EQ(to_utf8("\xe0\x80\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(to_utf8("caf\xe9"), "caf\xef\xbf\xbd");
}

TEST(Utf8, EncodesCodePoints) {
    const auto encoded = [](std::uint32_t code_point) {
        std::string text = "<";
        return append_utf8(text, code_point) ? text : "refused";
    };
    EXPECT_EQ(encoded('a'), "<a");
    EXPECT_EQ(encoded(0xe9), "<\xc3\xa9");
    EXPECT_EQ(encoded(0x20ac), "<\xe2\x82\xac");
    EXPECT_EQ(encoded(0x1f427), "<\xf0\x9f\x90\xa7");
    EXPECT_EQ(encoded(0x10ffff), "<\xf4\x8f\xbf\xbf");
    EXPECT_EQ(encoded(0xd800), "refused");
    EXPECT_EQ(encoded(0xdfff), "refused");
    EXPECT_EQ(encoded(0x110000), "refused");
}

// Plain text is passed over in pieces, so what is no such must be found wherever it stands.
TEST(Utf8, FindsOneBadByteAnywhere) {
    for (std::size_t size = 0; size < 40; ++size) {
        const std::string plain(size, 'a');
        EXPECT_TRUE(is_utf8(plain)) << size;
        for (std::size_t place = 0; place <= size; ++place) {
            std::string text = plain;
            EXPECT_TRUE(is_utf8(text.insert(place, "\xc3\xa9"))) << size << " " << place;
            EXPECT_FALSE(is_utf8(text.insert(place, "\xa9"))) << size << " " << place;
        }
    }
}

TEST(Utf8, EncodesEveryCodePointWellFormed) {
    for (std::uint32_t c = 0; c <= 0x10ffff; ++c) {
        std::string text;
        if (c >= 0xd800 && c <= 0xdfff) {
            ASSERT_FALSE(append_utf8(text, c));
            continue;
        }
        ASSERT_TRUE(append_utf8(text, c));
        ASSERT_TRUE(is_utf8(text)) << c;
    }
}

}  // namespace
}  // namespace cordwainer
