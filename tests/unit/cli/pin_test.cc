#include "cli/pin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/list.h"
#include "cli/unpin.h"
#include "host/pins.h"
#include "tests/support/run_command.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::Ran;
using test::run_command;
using test::SystemTree;
using ::testing::HasSubstr;

class Pin : public testing::Test {
  protected:
    Pin() {
        common_.root = tree_.path().string();
        common_.config = tree_.outside("/etc/cordwainer/config.toml");
        common_.state = tree_.outside("/var/lib/cordwainer");
        for (const int number : {1, 2, 3}) add(number, "s" + std::to_string(number));
    }

    void add(int number, const std::string& item) const {
        tree_.file("/gnu/store/" + item + "/parameters",
                   "(boot-parameters (version 1) (label \"guix\") (root-device \"r\") (kernel "
                   "\"/k\"))");
        tree_.link("/var/guix/profiles/system-" + std::to_string(number) + "-link",
                   "/gnu/store/" + item);
    }

    [[nodiscard]] Ran pin(const std::vector<std::string>& numbers) const {
        return run_command(pin_command(), numbers, common_);
    }

    [[nodiscard]] Ran unpin(const std::vector<std::string>& numbers) const {
        return run_command(unpin_command(), numbers, common_);
    }

    // What `list` calls pinned.
    [[nodiscard]] std::vector<std::uint64_t> pinned() const {
        Common common = common_;
        common.json = true;
        const auto json = nlohmann::json::parse(run_command(list_command(), {}, common).output);
        std::vector<std::uint64_t> numbers;
        for (const auto& generation : json["generations"]) {
            if (generation["pinned"] == true) numbers.push_back(generation["number"]);
        }
        return numbers;
    }

    SystemTree tree_;
    Common common_;
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(Pin, IsKeptUntilItIsTakenAway) {
    Ran ran = pin({"3", "1"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_EQ(ran.output, "pinned: 1, 3\n");
    EXPECT_EQ(pinned(), (Numbers{1, 3}));
    EXPECT_EQ(pin({"1"}).output, "pinned: 1, 3\n");
    ran = unpin({"1", "2"});
    EXPECT_EQ(ran.status, kDone) << ran.error;
    EXPECT_EQ(ran.output, "pinned: 3\n");
    EXPECT_THAT(ran.complaints, HasSubstr("generation 2 is not pinned"));
    EXPECT_EQ(unpin({"3"}).output, "no generation is pinned\n");
    EXPECT_EQ(pinned(), Numbers{});
}

TEST_F(Pin, OfAGenerationThatIsNotThereIsRefused) {
    const Ran ran = pin({"1", "7"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("there is no generation 7"));
    EXPECT_EQ(pinned(), Numbers{});
}

TEST_F(Pin, IsNotThatOfALaterGenerationOfTheSameNumber) {
    ASSERT_EQ(pin({"3"}).status, kDone);
    add(3, "other");
    EXPECT_EQ(pinned(), Numbers{});
    ASSERT_EQ(pin({"3"}).status, kDone);
    EXPECT_EQ(pinned(), Numbers{3});
    EXPECT_EQ(read_pins(common_.state)->size(), 1U);
}

TEST_F(Pin, IsToldAsJson) {
    common_.json = true;
    EXPECT_EQ(nlohmann::json::parse(pin({"2"}).output),
              nlohmann::json::parse(R"({"format": "cordwainer-pin/1", "pinned": [2]})"));
    EXPECT_EQ(nlohmann::json::parse(unpin({"2"}).output),
              nlohmann::json::parse(R"({"format": "cordwainer-unpin/1", "pinned": []})"));
}

TEST_F(Pin, OfAGenerationThatCannotBeReadSaysWhy) {
    tree_.link("/var/guix/profiles/system-7-link", "/gnu/store/collected");
    const Ran ran = pin({"7"});
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("generation 7 cannot be read: "));
    EXPECT_THAT(ran.error, HasSubstr("/gnu/store/collected"));
}

TEST_F(Pin, InADamagedFileIsNotGuessed) {
    tree_.file("/var/lib/cordwainer/pins.json", "{}");
    EXPECT_EQ(pin({"1"}).status, kFailed);
    const Ran ran = run_command(list_command(), {}, common_);
    EXPECT_EQ(ran.status, kDone);
    EXPECT_THAT(ran.complaints, HasSubstr("pins.json"));
}

}  // namespace
}  // namespace cordwainer::cli
