#include "formats/scheme_datum.h"

#include <gtest/gtest.h>
#include <string>

namespace cordwainer {
namespace {

// The datum in `text`; a symbol that says what is wrong where there is none.
Datum datum_of(std::string_view text) {
    Result<Datum> datum = parse_datum("f", text);
    if (!datum) return {SchemeSymbol{"error " + datum.error().message()}};
    return *std::move(datum);
}

std::string string_of(std::string_view text) {
    const Datum datum = datum_of(text);
    const auto* string = std::get_if<std::string>(&datum.value);
    return string ? *string : "no string: " + render_datum(datum);
}

std::string symbol_of(std::string_view text) {
    const Datum datum = datum_of(text);
    const auto* symbol = std::get_if<SchemeSymbol>(&datum.value);
    return symbol ? symbol->name : "no symbol: " + render_datum(datum);
}

std::string datum_why_not(std::string_view text) {
    const auto datum = parse_datum("f", text);
    return datum ? "read as " + render_datum(*datum) : datum.error().message();
}

TEST(SchemeDatum, ReadsAtoms) {
    EXPECT_EQ(datum_of("#t"), Datum{true});
    EXPECT_EQ(datum_of("#f"), Datum{false});
    EXPECT_EQ(datum_of("#true"), Datum{true});
    EXPECT_EQ(datum_of("42"), Datum{std::int64_t{42}});
    EXPECT_EQ(datum_of("-7"), Datum{std::int64_t{-7}});
    EXPECT_EQ(datum_of("+7"), Datum{std::int64_t{7}});
    EXPECT_EQ(datum_of("9223372036854775808"), Datum{OtherAtom{"9223372036854775808"}});
    EXPECT_EQ(datum_of("1.5"), Datum{OtherAtom{"1.5"}});
    EXPECT_EQ(datum_of("#:key"), Datum{OtherAtom{"#:key"}});
    EXPECT_EQ(datum_of("#\\("), Datum{OtherAtom{"#\\("}});
    EXPECT_EQ(datum_of("#\\space"), Datum{OtherAtom{"#\\space"}});
    EXPECT_EQ(symbol_of("grub-efi"), "grub-efi");
    EXPECT_EQ(symbol_of("..."), "...");
    EXPECT_EQ(symbol_of("+"), "+");
}

TEST(SchemeDatum, ReadsStringsAsGuileWritesThem) {
    EXPECT_EQ(string_of(R"("plain")"), "plain");
    EXPECT_EQ(string_of(R"("a\"b\\c")"), "a\"b\\c");
    EXPECT_EQ(string_of(R"("\a\b\t\n\v\f\r")"), "\a\b\t\n\v\f\r");
    EXPECT_EQ(string_of(R"("\0")"), std::string(1, '\0'));
    EXPECT_EQ(string_of("\"caf\xc3\xa9\""), "caf\xc3\xa9");
    EXPECT_EQ(string_of("\"two\nlines\""), "two\nlines");
    EXPECT_EQ(string_of("\"con\\\ntinued\""), "continued");
    EXPECT_EQ(string_of(R"("a\|b\(c")"), "a|b(c");
}

// Two digits and no semicolon: what follows the digits is text.
TEST(SchemeDatum, ReadsHexadecimalEscapesOfFixedLength) {
    EXPECT_EQ(string_of(R"("\x1b;")"), "\x1b;");
    EXPECT_EQ(string_of(R"("\x1bff")"),
              "\x1b"
              "ff");
    EXPECT_EQ(string_of(R"("\xe9t\xE9")"), "\xc3\xa9t\xc3\xa9");
    EXPECT_EQ(string_of(R"("\u20ac5")"),
              "\xe2\x82\xac"
              "5");
    EXPECT_EQ(string_of(R"("\U01f4275")"),
              "\xf0\x9f\x90\xa7"
              "5");
}

TEST(SchemeDatum, RefusesEscapesThatAreNone) {
    for (const char* text : {R"("\x1")",
                             R"("\xg0")",
                             R"("\x-1")",
                             R"("\u20a")",
                             R"("\ud800")",
                             R"("\U110000")",
                             R"("\U1f427")",
                             R"("\q")"}) {
        EXPECT_TRUE(datum_why_not(text).starts_with("f:1:2: ")) << datum_why_not(text);
    }
}

TEST(SchemeDatum, ReadsSymbolsOfAnyCharacters) {
    EXPECT_EQ(symbol_of("|a b|"), "a b");
    EXPECT_EQ(symbol_of(R"(|a\x41;\|b|)"), "aA|b");
    EXPECT_EQ(symbol_of("#{a b}#"), "a b");
    EXPECT_EQ(symbol_of("#{a}b}#"), "a}b");
    EXPECT_EQ(symbol_of(R"(#{a\x20;\b}#)"), "a b");
    EXPECT_EQ(symbol_of("#{}#"), "");
    EXPECT_EQ(symbol_of("#{12}#"), "12");
}

TEST(SchemeDatum, ReadsByteVectors) {
    EXPECT_EQ(datum_of("#vu8(0 255 16)"),
              (Datum{Bytes{std::byte{0}, std::byte{255}, std::byte{16}}}));
    EXPECT_EQ(datum_of("#vu8()"), Datum{Bytes{}});
    EXPECT_EQ(datum_of("#u8( 7 )"), Datum{Bytes{std::byte{7}}});
    EXPECT_EQ(datum_why_not("#vu8(1 256)"), "f:1:8: a byte vector holds numbers from 0 to 255");
    EXPECT_EQ(datum_why_not("#vu8(-1)"), "f:1:6: a byte vector holds numbers from 0 to 255");
    EXPECT_EQ(datum_why_not("#vu8(a)"), "f:1:6: a byte vector holds numbers from 0 to 255");
    EXPECT_EQ(datum_why_not("#vu8((1))"), "f:1:6: a byte vector holds numbers from 0 to 255");
    EXPECT_EQ(datum_why_not("#vu8(1"), "f:1:1: the byte vector that begins here is not closed");
}

TEST(SchemeDatum, ReadsLists) {
    const Datum datum = datum_of(" ( a (\"b\" #t)\n () ) ; end\n");
    const auto* items = datum.list();
    ASSERT_TRUE(items);
    ASSERT_EQ(items->size(), 3U);
    EXPECT_TRUE((*items)[0].is_symbol("a"));
    EXPECT_EQ((*items)[1].list()->size(), 2U);
    EXPECT_EQ((*items)[2].list()->size(), 0U);
    EXPECT_EQ((*items)[1].offset, 5U);
}

TEST(SchemeDatum, ReadsDotsAndVectors) {
    EXPECT_EQ(datum_of("(a . (b c))"), datum_of("(a b c)"));
    EXPECT_EQ(datum_of("(a . (b . c))"), datum_of("(a b . c)"));
    EXPECT_EQ(datum_of("(a b . c)").list(), nullptr);
    EXPECT_NE(datum_of("(a b . c)"), datum_of("(a b c)"));
    EXPECT_EQ(datum_of("#(a b)").list(), nullptr);
    EXPECT_EQ(render_datum(datum_of("#(a (b . c))")), "#(a (b . c))");
    EXPECT_EQ(render_datum(datum_of("(a . #(b))")), "(a . #(b))");
}

TEST(SchemeDatum, ReadsQuotesAsWhatTheyStandFor) {
    EXPECT_EQ(datum_of("'a"), datum_of("(quote a)"));
    EXPECT_EQ(datum_of("(`a ,b ,@c)"),
              datum_of("((quasiquote a) (unquote b) (unquote-splicing c))"));
}

TEST(SchemeDatum, ReadsTheFirstAndNothingBehindIt) {
    EXPECT_EQ(datum_of("; first\n(a) (b"), datum_of("(a)"));
    EXPECT_EQ(datum_of("(a))"), datum_of("(a)"));
    EXPECT_EQ(datum_of("a \"b"), datum_of("a"));
}

TEST(SchemeDatum, PointsAtWhatIsWrong) {
    EXPECT_EQ(datum_why_not(""), "f:1:1: the datum is cut off here");
    EXPECT_EQ(datum_why_not(" ; nothing\n"), "f:2:1: the datum is cut off here");
    EXPECT_EQ(datum_why_not("(a\n (b"), "f:2:2: the list that begins here is not closed");
    EXPECT_EQ(datum_why_not("(a \"b"), "f:1:4: the string that begins here is not closed");
    EXPECT_EQ(datum_why_not("(a \"b\\"), "f:1:4: the string that begins here is not closed");
    EXPECT_EQ(datum_why_not("(a |b"), "f:1:4: the symbol that begins here is not closed");
    EXPECT_EQ(datum_why_not("(a #{b}"), "f:1:4: the symbol that begins here is not closed");
    EXPECT_EQ(datum_why_not(")"), "f:1:1: \")\" closes nothing");
    EXPECT_EQ(datum_why_not("(. a)"), "f:1:2: a dot does not belong here");
    EXPECT_EQ(datum_why_not("#(a . b)"), "f:1:5: a dot does not belong here");
    EXPECT_EQ(datum_why_not("(a . b c)"),
              "f:1:1: the list that begins here is not closed behind its dot");
    EXPECT_EQ(datum_why_not("."), "f:1:1: a dot does not belong here");
    EXPECT_EQ(datum_why_not("(#<procedure x>)"), "f:1:2: this object cannot be read");
    EXPECT_EQ(datum_why_not("#foo"), "f:1:1: \"#foo\" is no known notation");
    EXPECT_EQ(datum_why_not("#\\"), "f:1:1: the character is cut off");
    EXPECT_EQ(datum_why_not("'"), "f:1:2: the datum is cut off here");
}

TEST(SchemeDatum, BoundsTheDepth) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '(') + std::string(depth, ')');
    };
    EXPECT_TRUE(parse_datum("f", nested(100)));
    EXPECT_EQ(datum_why_not(nested(1'000'000)), "f:1:102: lists are nested too deep");
    EXPECT_EQ(datum_why_not(std::string(1'000'000, '\'')), "f:1:102: lists are nested too deep");
    EXPECT_FALSE(parse_datum("f", std::string(1'000'000, '(')));
}

TEST(SchemeDatum, RendersAsGuileWrites) {
    for (const char* text : {R"((a "b\n\t\"\\\x1b" #vu8(1 2) 42 #f #t))",
                             "#{a b}#",
                             "#{12}#",
                             "#{}#",
                             "#{a\\x7d;b}#",
                             "(#\\a #:key 1.5 . #(x))",
                             "\"caf\xc3\xa9\""}) {
        EXPECT_EQ(render_datum(datum_of(text)), text);
    }
    EXPECT_EQ(render_datum(datum_of("|a b|")), "#{a b}#");
}

TEST(SchemeDatum, ReadsBackWhateverItRenders) {
    // Strings and symbols of every single byte, in every place where it might be special.
    for (int c = 0; c < 256; ++c) {
        const std::string byte(1, static_cast<char>(c));
        for (const std::string& name : {byte, "a" + byte, byte + "a", "-" + byte, "#" + byte}) {
            const Datum list{SchemeList{SchemeList::Kind::proper, {{SchemeSymbol{name}}, {name}}}};
            const auto again = parse_datum("f", render_datum(list));
            ASSERT_TRUE(again) << c << ": " << again.error().message();
            ASSERT_EQ(*again, list) << c;
        }
    }
}

}  // namespace
}  // namespace cordwainer
