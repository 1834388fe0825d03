#include "formats/fat_names.h"

#include <gtest/gtest.h>

namespace cordwainer {
namespace {

TEST(FatNamesTest, KnowsForbiddenNames) {
    for (const char* good :
         {"BOOTX64.EFI", ".hidden", "a b", "+,;=[]", "é", "grub.cfg", "com", "aux.txt", "com0"}) {
        EXPECT_FALSE(wrong_fat_name(good)) << good;
    }
    for (const char* wrong : {"a:b",
                              "a*",
                              "a?",
                              "a\"b",
                              "a<b",
                              "a>b",
                              "a|b",
                              "a\\b",
                              "a\tb",
                              "a.",
                              "a ",
                              "\xff",
                              "\U0001f600",
                              "aux",
                              "NUL",
                              "Com1",
                              "lpt9"}) {
        EXPECT_TRUE(wrong_fat_name(wrong)) << wrong;
    }
    EXPECT_TRUE(wrong_fat_name(std::string(256, 'a')));
}

}  // namespace
}  // namespace cordwainer
