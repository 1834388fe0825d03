#include "formats/grub_quote.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

namespace cordwainer {
namespace {

// A model of how GRUB reads one word, written from its lexer (script/yylex.l) and reader
// (normal/main.c), not from grub_quote: nothing where the text is not one whole word.
std::optional<std::string> read_word(std::string script) {
    // The reader drops lines that begin with "#", and carriage returns, before anything else.
    std::string kept;
    for (std::size_t begin = 0; begin <= script.size();) {
        const auto end = std::min(script.find('\n', begin), script.size());
        const std::string line = script.substr(begin, end - begin);
        if (!line.starts_with('#')) kept += (begin == 0 ? "" : "\n") + line;
        begin = end + 1;
    }
    std::erase(kept, '\r');
    std::string word;
    char quote = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const char c = kept[i];
        if (quote == '\'') {
            if (c == '\'')
                quote = 0;
            else
                word += c;
        } else if (c == '\'') {
            quote = c;
        } else if (c == '\\') {
            if (++i == kept.size()) return std::nullopt;
            word += kept[i];
        } else if (std::string_view(" \t\n{}|&$;<>\"").contains(c)) {
            return std::nullopt;
        } else {
            word += c;
        }
    }
    if (quote) return std::nullopt;
    return word;
}

// Bytes that GRUB's lexer looks at, and some that it does not.
rc::Gen<std::string> nasty_text() {
    static const std::string kBytes = "'\"\\$#;{}|&<>()[]*?~`!%=/ \t\nax0\xc3\xa9\x01\x7f\xff";
    return rc::gen::container<std::string>(rc::gen::elementOf(kBytes));
}

TEST(GrubQuote, QuotesWhatTheShellWouldToo) {
    EXPECT_EQ(grub_quote("a $b").value(), "'a $b'");
    EXPECT_EQ(grub_quote("").value(), "''");
    EXPECT_EQ(grub_quote("it's").value(), R"('it'\''s')");
}

TEST(GrubQuote, NoLineBeginsWithAHash) {
    EXPECT_EQ(grub_quote("a\n#b").value(), "'a\n''#b'");
}

TEST(GrubQuote, RefusesWhatAScriptCannotHold) {
    EXPECT_FALSE(grub_quote(std::string("a\0b", 3)));
    EXPECT_FALSE(grub_quote("a\rb"));
    EXPECT_FALSE(grub_word("a\rb"));
}

TEST(GrubQuote, RefusesWordsThatGrubStopsAt) {
    EXPECT_TRUE(grub_quote(std::string(kLongestGrubWord - 2, 'a')));
    EXPECT_FALSE(grub_quote(std::string(kLongestGrubWord - 1, 'a')));
    EXPECT_TRUE(grub_word(std::string(kLongestGrubWord, 'a')));
    EXPECT_FALSE(grub_word(std::string(kLongestGrubWord + 1, 'a')));
}

TEST(GrubWord, LeavesPlainWordsAlone) {
    EXPECT_EQ(grub_word("root=UUID=ab-1,2:3@4+5%_/x.y").value(), "root=UUID=ab-1,2:3@4+5%_/x.y");
    EXPECT_EQ(grub_word("").value(), "''");
    EXPECT_EQ(grub_word("a*").value(), "'a*'");
    EXPECT_EQ(grub_word("#a").value(), "'#a'");
    EXPECT_EQ(grub_word("(hd0)/x").value(), "'(hd0)/x'");
}

RC_GTEST_PROP(GrubQuote, IsReadBackAsTheSameText, ()) {
    const std::string text = *nasty_text();
    const auto quoted = grub_quote(text);
    RC_ASSERT(quoted.has_value());
    RC_ASSERT(read_word(*quoted) == text);
    const auto word = grub_word(text);
    RC_ASSERT(word.has_value());
    RC_ASSERT(read_word(*word) == text);
}

TEST(GrubTitle, IsOneLineOfUtf8) {
    EXPECT_EQ(grub_title("one\ntwo\tthree\x7f", 100), "one two three ");
    EXPECT_EQ(grub_title("\xff", 100), "\xef\xbf\xbd");
}

TEST(GrubTitle, IsCutBetweenCharacters) {
    EXPECT_EQ(grub_title("a\xc3\xa9\xc3\xa9", 4), "a\xc3\xa9");
    EXPECT_EQ(grub_title("a\xc3\xa9\xc3\xa9", 5), "a\xc3\xa9\xc3\xa9");
    EXPECT_EQ(grub_title("a\xc3\xa9", 2), "a");
}

// The referee: GRUB's own parser, on scripts full of such words.
TEST(GrubQuote, PassesGrubScriptCheck) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("cordwainer-grub-quote-" + std::to_string(getpid()) + ".cfg");
    std::ofstream script(path, std::ios::binary);
    const std::string bytes = "'\"\\$#;{}|&<>()*?\n \t";
    for (const char a : bytes) {
        for (const char b : bytes) {
            for (const char c : {'\'', '\n', 'x', '#'}) {
                const std::string text{a, b, c, a};
                script << "menuentry " << grub_quote(text).value() << " {\nlinux "
                       << grub_word(text).value() << "\n}\n";
            }
        }
    }
    script.close();
    const int status = std::system(("grub-script-check " + path.string()).c_str());
    std::filesystem::remove(path);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace cordwainer
