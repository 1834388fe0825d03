#include "host/pins.h"

#include <fstream>
#include <gtest/gtest.h>
#include <string>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

TEST(Pins, AreKeptInTheOrderOfTheirNumbers) {
    const auto scratch = TemporaryDirectory::make({}, "pins-test-");
    ASSERT_TRUE(scratch);
    const std::filesystem::path state = scratch->path() / "var/lib/cordwainer";
    const auto none = read_pins(state);
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->empty());
    ASSERT_TRUE(write_pins(state, {{12, "/gnu/store/b"}, {3, "/gnu/store/a"}}));
    const auto read = read_pins(state);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, (std::vector<GenerationId>{{3, "/gnu/store/a"}, {12, "/gnu/store/b"}}));
}

TEST(Pins, OfADamagedFileAreNotGuessed) {
    const auto scratch = TemporaryDirectory::make({}, "pins-test-");
    ASSERT_TRUE(scratch);
    const std::string path = (scratch->path() / "pins.json").string();
    std::ofstream(path) << "{\n  \"format\": 1}";
    const auto damaged = read_pins(scratch->path());
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, Errc::corrupt);
    EXPECT_NE(damaged.error().message().find("`rm " + path + "`"), std::string::npos)
        << damaged.error().message();
}

}  // namespace
}  // namespace cordwainer
