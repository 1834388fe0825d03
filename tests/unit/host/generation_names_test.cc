#include "host/generation_names.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace cordwainer {
namespace {

TEST(GenerationNumber, IsDecimalWithoutLeadingZeros) {
    EXPECT_EQ(generation_number("0"), 0U);
    EXPECT_EQ(generation_number("12"), 12U);
    EXPECT_EQ(generation_number("18446744073709551615"), 18446744073709551615U);
    for (const char* digits : {"", "00", "012", "18446744073709551616", "1x", "-1", "+1", " 1"}) {
        EXPECT_EQ(generation_number(digits), std::nullopt) << digits;
    }
}

TEST(NumberedEntries, AreExactMatchesInTheOrderOfTheirNumbers) {
    std::vector<DirectoryEntry> entries;
    for (const char* name :
         {"p-10-s", "p-9-s", "p-09-s", "p--s", "p-s", "p-1-s.new", "xp-1-s", "p-1a-s", "p-1"}) {
        entries.push_back({name, FileKind::symbolic_link});
    }
    const auto numbered = numbered_entries(entries, "p-", "-s");
    std::string text;
    for (const auto& [entry, number] : numbered) {
        text += entry.name + "=" + (number ? std::to_string(*number) : "none") + ";";
    }
    EXPECT_EQ(text, "p-9-s=9;p-09-s=none;p-10-s=10;");
}

}  // namespace
}  // namespace cordwainer
