#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

namespace cordwainer::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A target of every kind, and options that depend on each other.
class CommandLineTest : public testing::Test {
  protected:
    CommandLine read(const std::vector<std::string>& words,
                     const std::vector<std::string>& one_of = {}) {
        const std::vector<Option> options = {
            {.names = {"-h", "--help"}},
            {.names = {"N"}, .target = &numbers, .excludes = {{"--keep"}}},
            {.names = {"--keep"}, .value = "K", .target = &keep},
            {.names = {"-o", "--output"}, .value = "FILE", .target = &output},
            {.names = {"--label"}, .value = "TEXT", .target = &label},
            {.names = {"--initrd"}, .value = "FILE", .target = &initrds},
            {.names = {"--memory"}, .value = "MIB", .target = &memory, .range = {{16, 1024}}},
            {.names = {"--after"}, .value = "SECONDS", .target = &after, .needs = "--output"},
            {.names = {"--format"},
             .value = "FORMAT",
             .target = &format,
             .values = {"raw", "qcow2"},
             .excludes = {{"--fast", "it would take for ever"}}},
            {.names = {"--even"},
             .value = "WORD",
             .target = &even,
             .check =
                 [](const std::string& word) {
                     return word.size() % 2 == 0 ? std::string() : "must be even";
                 }},
            {.names = {"--fast"}, .target = &fast},
        };
        return read_command_line("cordwainer do", options, one_of, words);
    }

    std::string wrong(const std::vector<std::string>& words,
                      const std::vector<std::string>& one_of = {}) {
        return read(words, one_of).wrong.value_or("");
    }

    std::vector<std::uint64_t> numbers;
    std::optional<std::uint64_t> keep;
    std::string output;
    std::optional<std::string> label;
    std::vector<std::string> initrds;
    unsigned memory = 512;
    std::optional<unsigned> after;
    std::string format = "raw";
    std::string even;
    bool fast = false;
};

TEST_F(CommandLineTest, FillsTheTargets) {
    ASSERT_EQ(wrong({"3",
                     "--initrd",
                     "a",
                     "-o",
                     "x",
                     "4",
                     "--initrd=b",
                     "--memory",
                     "64",
                     "--after",
                     "7",
                     "--label",
                     "",
                     "--fast",
                     "--even",
                     "ab"}),
              "");
    EXPECT_THAT(numbers, ElementsAre(3, 4));
    EXPECT_THAT(initrds, ElementsAre("a", "b"));
    EXPECT_EQ(output, "x");
    EXPECT_EQ(label, "");
    EXPECT_EQ(memory, 64U);
    EXPECT_EQ(after, 7U);
    EXPECT_EQ(even, "ab");
    EXPECT_TRUE(fast);
    EXPECT_EQ(keep, std::nullopt);
}

TEST_F(CommandLineTest, LeavesWhatIsNotGiven) {
    ASSERT_EQ(wrong({}), "");
    EXPECT_EQ(memory, 512U);
    EXPECT_EQ(format, "raw");
    EXPECT_EQ(label, std::nullopt);
    EXPECT_FALSE(fast);
}

TEST_F(CommandLineTest, AnOptionTakesOneValueEachTime) {
    EXPECT_EQ(wrong({"--initrd", "a", "5"}), "");
    EXPECT_THAT(initrds, ElementsAre("a"));
    EXPECT_THAT(numbers, ElementsAre(5));
}

TEST_F(CommandLineTest, HelpEndsTheReading) {
    const CommandLine line = read({"--help", "--no-such-option"});
    EXPECT_TRUE(line.help);
    EXPECT_FALSE(line.wrong);
}

TEST_F(CommandLineTest, SaysWhatIsWrong) {
    EXPECT_EQ(wrong({"--outptu", "x"}),
              "cordwainer do has no option --outptu; did you mean --output?");
    EXPECT_EQ(wrong({"--format", "qcow"}),
              "--format must be one of raw, qcow2, not \"qcow\"; did you mean qcow2?");
    EXPECT_THAT(wrong({"--memory", "8"}), HasSubstr("--memory"));
    EXPECT_THAT(wrong({"--even", "abc"}), HasSubstr("must be even"));
    EXPECT_THAT(wrong({"--keep", "many"}), HasSubstr("many"));
    EXPECT_NE(wrong({"--output"}), "");
}

TEST_F(CommandLineTest, RefusesNumbersThatAreNone) {
    for (const std::string word : {"-1", "+1", "1x", "0x1", "1.0", "", "18446744073709551616"}) {
        EXPECT_THAT(wrong({"--keep=" + word}), HasSubstr("--keep")) << word;
        EXPECT_THAT(wrong({word}), testing::Not("")) << word;
    }
    EXPECT_EQ(wrong({"-1"}), "N: must be a number from 0 to 18446744073709551615, not \"-1\"");
    EXPECT_THAT(wrong({"--after=4294967296", "-o", "x"}), HasSubstr("from 0 to 4294967295"));
    EXPECT_EQ(wrong({"--keep=18446744073709551615"}), "");
    EXPECT_EQ(keep, std::numeric_limits<std::uint64_t>::max());
}

TEST_F(CommandLineTest, RefusesWhatDoesNotGoTogether) {
    EXPECT_EQ(wrong({"3", "--keep", "2"}), "--keep and N cannot be given together");
    EXPECT_EQ(wrong({"--fast", "--format", "raw"}),
              "--fast and --format cannot be given together: it would take for ever");
    EXPECT_EQ(wrong({"--after", "7"}), "--after needs --output beside it");
    EXPECT_EQ(wrong({"--fast"}, {"N", "--keep"}), "one of N, --keep is required");
    EXPECT_EQ(wrong({"--keep", "2"}, {"N", "--keep"}), "");
}

}  // namespace
}  // namespace cordwainer::cli
