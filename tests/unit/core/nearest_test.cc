#include "core/nearest.h"

#include <gtest/gtest.h>
#include <vector>

namespace cordwainer {
namespace {

const std::vector<std::string> kNames = {"timeout", "default", "serial", "theme", "files", "esp"};

TEST(Nearest, FindsWhatOneSlipAway) {
    EXPECT_EQ(nearest("timeot", kNames), "timeout");    // left out
    EXPECT_EQ(nearest("timeoutt", kNames), "timeout");  // doubled
    EXPECT_EQ(nearest("defualt", kNames), "default");   // swapped
    EXPECT_EQ(nearest("sirial", kNames), "serial");     // another
    EXPECT_EQ(nearest("esp", kNames), "esp");
}

TEST(Nearest, FindsWhatWasShortened) {
    const std::vector<std::string> names = {
        "alignment", "hybrid-type", "file-system-label", "file-system"};
    EXPECT_EQ(nearest("align", names), "alignment");
    EXPECT_EQ(nearest("file", names), "file-system");  // the shortest
    EXPECT_EQ(nearest("hy", names), std::nullopt);     // too little to tell
    EXPECT_EQ(nearest("type", names), std::nullopt);
}

TEST(Nearest, GivesNothingForWhatIsTooFar) {
    EXPECT_EQ(nearest("bootloader", kNames), std::nullopt);
    EXPECT_EQ(nearest("", kNames), std::nullopt);
    EXPECT_EQ(nearest("esp", {}), std::nullopt);
    EXPECT_EQ(nearest("ab", kNames), std::nullopt);
}

TEST(Nearest, PrefersTheNearestAndTheFirstOfEquals) {
    const std::vector<std::string> names = {"labels", "label1", "label2", "label"};
    EXPECT_EQ(nearest("label", names), "label");
    EXPECT_EQ(nearest("label3", names), "labels");
}

TEST(Nearest, IsCheapForHostileInput) {
    EXPECT_EQ(nearest(std::string(1 << 20, 'a'), kNames), std::nullopt);
}

}  // namespace
}  // namespace cordwainer
