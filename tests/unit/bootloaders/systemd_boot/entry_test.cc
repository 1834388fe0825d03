#include "bootloaders/systemd_boot/entry.h"

#include <gtest/gtest.h>

namespace cordwainer::systemd_boot {
namespace {

TEST(SystemdBootEntry, ItsNameTellsTheGeneration) {
    Generation generation;
    generation.number = 12;
    const auto entry = make_entry(generation, {.kernel = "/k", .initrds = {}, .device_tree = {}});
    ASSERT_TRUE(entry);
    EXPECT_EQ(generation_of_entry(entry->name), 12U);
    EXPECT_EQ(generation_of_entry("cordwainer-7-0123456789abcdef"), 7U);
    for (const char* other :
         {"", "windows.conf", "cordwainer-", "cordwainer-7", "cordwainer-x-1"}) {
        EXPECT_EQ(generation_of_entry(other), std::nullopt) << other;
    }
}

}  // namespace
}  // namespace cordwainer::systemd_boot
