#include "cli/progress.h"

#include <gtest/gtest.h>

#include "core/utf8.h"
#include "image/size_text.h"

namespace cordwainer::cli {
namespace {

using std::chrono::milliseconds;

using image::kMiB;

TEST(ProgressLine, ShowsBytesAndEstimate) {
    EXPECT_EQ(progress_line("ext4", 10 * kMiB, 40 * kMiB, milliseconds(2000), 80),
              "ext4  [=====>              ] 10.0 MiB of 40.0 MiB, 6 s left");
    EXPECT_EQ(progress_line("ext4", kMiB, 1000 * kMiB, milliseconds(2000), 80),
              "ext4  [>                   ] 1.0 MiB of 1000.0 MiB, 33 min left");
}

TEST(ProgressLine, DoesNotGuessEarlyNorAtTheEnds) {
    EXPECT_EQ(progress_line("x", 1, 4, milliseconds(500), 80),
              "x  [=====>              ] 1 B of 4 B");
    EXPECT_EQ(progress_line("x", 0, 4, milliseconds(9000), 80),
              "x  [>                   ] 0 B of 4 B");
    EXPECT_EQ(progress_line("x", 4, 4, milliseconds(9000), 80),
              "x  [====================] 4 B of 4 B");
    EXPECT_EQ(progress_line("x", 9, 4, milliseconds(9000), 80),
              "x  [====================] 4 B of 4 B");
}

TEST(ProgressLine, HasNoBarWhereTheSizeIsNotKnown) {
    EXPECT_EQ(progress_line("clean", 0, 0, milliseconds(5000), 80), "clean");
}

TEST(ProgressLine, FitsAndStaysWhole) {
    const std::string line =
        progress_line("\U0001F97E\U0001F97E\U0001F97E", 0, 0, milliseconds(0), 2);
    EXPECT_EQ(line, "\U0001F97E\U0001F97E");
    EXPECT_EQ(progress_line("ab\x1b[2J", 0, 0, milliseconds(0), 80), "ab\\x1b[2J");
}

TEST(ErrorProgress, PrintsALineForAPhaseElsewhere) {
    testing::internal::CaptureStderr();  // a file, no terminal
    {
        ErrorProgress progress;
        progress.phase("stage", 2 * kMiB);
        progress.advance(kMiB);
        progress.advance(kMiB);
        progress.phase("clean", 0);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "cordwainer: stage (2.0 MiB)\ncordwainer: clean\n");
}

}  // namespace
}  // namespace cordwainer::cli
