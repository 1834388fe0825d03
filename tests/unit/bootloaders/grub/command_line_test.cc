#include "bootloaders/grub/command_line.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

namespace cordwainer::grub {
namespace {

// What GRUB 2.06 makes of the words (grub_create_loader_cmdline in lib/cmdline.c), from its
// description: QEMU tests confirm it with the real program.
std::string joined_by_grub(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += ' ';
        const bool quoted = words[i].find(' ') != std::string::npos;
        if (quoted) text += '"';
        for (const char c : words[i]) {
            if (c == '\\' || c == '\'' || c == '"') text += '\\';
            text += c;
        }
        if (quoted) text += '"';
    }
    return text;
}

struct Argument {
    std::string name;
    bool has_value = false;
    std::string value;

    bool operator==(const Argument&) const = default;
};

// What Linux reads (next_arg in lib/cmdline.c).
std::vector<Argument> read_by_linux(const std::string& line) {
    const auto is_space = [](char c) {
        return std::string_view(" \t\n\v\f\r\xa0").find(c) != std::string_view::npos;
    };
    std::vector<Argument> arguments;
    std::size_t i = 0;
    while (true) {
        while (i < line.size() && is_space(line[i])) ++i;
        if (i >= line.size()) return arguments;
        bool in_quote = false;
        bool quoted = false;
        if (line[i] == '"') {
            ++i;
            in_quote = quoted = true;
        }
        const std::size_t begin = i;
        std::size_t equals = std::string::npos;
        for (; i < line.size(); ++i) {
            if (is_space(line[i]) && !in_quote) break;
            if (equals == std::string::npos && line[i] == '=') equals = i;
            if (line[i] == '"') in_quote = !in_quote;
        }
        std::size_t end = i;
        Argument argument;
        if (equals == std::string::npos || equals == begin) {
            if (quoted && end > begin && line[end - 1] == '"') --end;
            argument.name = line.substr(begin, end - begin);
        } else {
            argument.has_value = true;
            argument.name = line.substr(begin, equals - begin);
            std::size_t value = equals + 1;
            bool stripped = false;
            if (value < end && line[value] == '"') {
                ++value;
                if (end > value && line[end - 1] == '"') {
                    --end;
                    stripped = true;
                }
            }
            if (quoted && !stripped && end > value && line[end - 1] == '"') --end;
            argument.value = line.substr(value, end - value);
        }
        arguments.push_back(argument);
    }
}

TEST(LoaderWords, KeepEverySpace) {
    const LoaderWords words = loader_words(" a  b ");
    EXPECT_EQ(words.words, (std::vector<std::string>{"", "a", "", "b", ""}));
    EXPECT_EQ(words.delivered, " a  b ");
}

TEST(LoaderWords, OfNothingAreNone) {
    EXPECT_TRUE(loader_words("").words.empty());
}

TEST(LoaderWords, AWordInQuotesIsDeliveredAsItIs) {
    const LoaderWords words = loader_words("a \"b=c d\" e");
    EXPECT_EQ(words.words, (std::vector<std::string>{"a", "b=c d", "e"}));
    EXPECT_EQ(words.delivered, "a \"b=c d\" e");
    EXPECT_TRUE(words.same_meaning);
}

TEST(LoaderWords, AQuotedValueMovesItsQuotes) {
    const LoaderWords words = loader_words("dyndbg=\"file a +p\"");
    EXPECT_EQ(words.words, (std::vector<std::string>{"dyndbg=file a +p"}));
    EXPECT_EQ(words.delivered, "\"dyndbg=file a +p\"");
    EXPECT_TRUE(words.same_meaning);
}

TEST(LoaderWords, NeedlessQuotesGo) {
    EXPECT_EQ(loader_words("a=\"b\"").delivered, "a=b");
    EXPECT_TRUE(loader_words("a=\"b\"").same_meaning);
    EXPECT_EQ(loader_words("a=\"\"").delivered, "a=");
}

TEST(LoaderWords, ATabInQuotesNeedsThem) {
    EXPECT_FALSE(loader_words("a=\"b\tc\"").same_meaning);
    EXPECT_TRUE(loader_words("a=\"b\t c\"").same_meaning);
}

TEST(LoaderWords, BackslashesAndApostrophesAreNotTheSame) {
    EXPECT_EQ(loader_words("a='b'").delivered, "a=\\'b\\'");
    EXPECT_FALSE(loader_words("a='b'").same_meaning);
    EXPECT_FALSE(loader_words("a\\b").same_meaning);
    EXPECT_FALSE(loader_words("a=\"b'c\"").same_meaning);
}

TEST(LoaderWords, ACarriageReturnIsTheSpaceThatLinuxTakesItFor) {
    EXPECT_EQ(loader_words("a\rb").delivered, "a b");
}

rc::Gen<std::string> command_line() {
    return rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("ab==  \"\"\"'\\\t\n$#{")));
}

RC_GTEST_PROP(LoaderWords, DeliveredIsWhatGrubMakesOfTheWords, ()) {
    const LoaderWords words = loader_words(*command_line());
    RC_ASSERT(words.delivered == joined_by_grub(words.words));
}

RC_GTEST_PROP(LoaderWords, WithoutQuotesAndBackslashesAreExact, ()) {
    std::string line = *command_line();
    std::erase_if(line, [](char c) { return c == '"' || c == '\'' || c == '\\'; });
    RC_ASSERT(loader_words(line).delivered == line);
}

RC_GTEST_PROP(LoaderWords, SayTheSameMeaningOnlyWhereLinuxReadsTheSame, ()) {
    const std::string line = *command_line();
    const LoaderWords words = loader_words(line);
    if (!words.same_meaning) return;
    RC_ASSERT(read_by_linux(words.delivered) == read_by_linux(line));
}

TEST(ModuleWord, LosesGrubsQuotes) {
    EXPECT_EQ(module_word("'${root}'"), "${root}");
    EXPECT_EQ(module_word("--line='${a b}'"), "--line=${a b}");
    EXPECT_EQ(module_word("it's"), "it's");
}

}  // namespace
}  // namespace cordwainer::grub
