#include "core/utc_time.h"

#include <gtest/gtest.h>
#include <limits>

namespace cordwainer {
namespace {

// Seconds as `date -u -d TIME +%s` prints them.
struct Case {
    const char* text;
    std::int64_t seconds;
};

constexpr Case kCases[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1969-12-31T23:59:59Z", -1},
    {"2026-11-22T10:00:00Z", 1795341600},
    {"2000-02-29T12:34:56Z", 951827696},
    {"2024-12-31T23:59:59Z", 1735689599},
    {"2100-03-01T00:00:00Z", 4107542400},  // 2100 has no 29 February
    {"9999-12-31T23:59:59Z", 253402300799},
    {"0000-01-01T00:00:00Z", -62167219200},
};

TEST(UtcTime, ShowsAndReadsTimes) {
    for (const Case& c : kCases) {
        EXPECT_EQ(utc_text(c.seconds), c.text);
        EXPECT_EQ(parse_utc(c.text), c.seconds) << c.text;
    }
}

TEST(UtcTime, ShowsTimesWithoutANotationAsTheNearest) {
    EXPECT_EQ(utc_text(253402300800), "9999-12-31T23:59:59Z");
    EXPECT_EQ(utc_text(std::numeric_limits<std::int64_t>::max()), "9999-12-31T23:59:59Z");
    EXPECT_EQ(utc_text(std::numeric_limits<std::int64_t>::min()), "0000-01-01T00:00:00Z");
}

TEST(UtcTime, ReadsNothingElse) {
    for (const char* text : {"",
                             "2026-11-22",
                             "2026-11-22T10:00:00",
                             "2026-11-22 10:00:00Z",
                             "2026-11-22T10:00:00+00:00",
                             "2026-11-22T10:00:00.0Z",
                             "2026-11-22t10:00:00z",
                             "2026-13-22T10:00:00Z",
                             "2026-00-22T10:00:00Z",
                             "2026-02-29T10:00:00Z",
                             "2026-11-00T10:00:00Z",
                             "2026-11-22T24:00:00Z",
                             "2026-11-22T10:60:00Z",
                             "2026-11-22T10:00:60Z",
                             "+026-11-22T10:00:00Z",
                             "2026-11-22T1:000:00Z"}) {
        EXPECT_FALSE(parse_utc(text)) << text;
    }
}

}  // namespace
}  // namespace cordwainer
