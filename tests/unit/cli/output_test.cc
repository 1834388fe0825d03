#include "cli/output.h"

#include <gtest/gtest.h>

namespace cordwainer::cli {
namespace {

TEST(Output, PrintableTextCannotControlATerminal) {
    EXPECT_EQ(printable("plain é \U0001F97E"), "plain é \U0001F97E");
    EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\x0dd");
    EXPECT_EQ(printable("\x1b[2J\x7f"), "\\x1b[2J\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"
                        "1m"),
              "\\x9b1m")
        << "a C1 control character";
    EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0") << "the first character after them";
    EXPECT_EQ(printable("\xff"
                        "a"),
              "\xef\xbf\xbd"
              "a");
    EXPECT_EQ(printable(std::string("\0", 1)), "\\x00");
}

TEST(Output, SizesHaveUnits) {
    EXPECT_EQ(human_size(0), "0 B");
    EXPECT_EQ(human_size(1023), "1023 B");
    EXPECT_EQ(human_size(1024), "1.0 KiB");
    EXPECT_EQ(human_size(1536), "1.5 KiB");
    EXPECT_EQ(human_size((1U << 20U) - 1), "1.0 MiB") << "never 1024.0 KiB";
    EXPECT_EQ(human_size(93ULL << 20U), "93.0 MiB");
    EXPECT_EQ(human_size(5ULL << 30U), "5.0 GiB");
    EXPECT_EQ(human_size(~0ULL), "16.0 EiB");
}

TEST(Output, ComplaintsAreLinesWithTheProgramsName) {
    testing::internal::CaptureStderr();
    complain("two problems:\n  \x1b[1mfirst");
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "cordwainer: two problems:\n  \\x1b[1mfirst\n");
    testing::internal::CaptureStderr();
    warn({"one", "two"});
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "cordwainer: warning: one\ncordwainer: warning: two\n");
}

TEST(Output, PrintRepairsWhatIsNoUtf8) {
    testing::internal::CaptureStdout();
    EXPECT_TRUE(
        print("a\xff"
              "b\n"));
    EXPECT_EQ(testing::internal::GetCapturedStdout(),
              "a\xef\xbf\xbd"
              "b\n");
}

TEST(Output, NamesEveryKindOfError) {
    EXPECT_STREQ(error_name(Errc::invalid_input), "invalid_input");
    EXPECT_STREQ(error_name(Errc::not_found), "not_found");
    EXPECT_STREQ(error_name(Errc::unsupported), "unsupported");
    EXPECT_STREQ(error_name(Errc::refused), "refused");
    EXPECT_STREQ(error_name(Errc::no_space), "no_space");
    EXPECT_STREQ(error_name(Errc::io), "io");
    EXPECT_STREQ(error_name(Errc::tool_failed), "tool_failed");
    EXPECT_STREQ(error_name(Errc::corrupt), "corrupt");
}

}  // namespace
}  // namespace cordwainer::cli
