#include "model/json_reader.h"

#include <gtest/gtest.h>
#include <string>

namespace cordwainer {
namespace {

class JsonReaderTest : public ::testing::Test {
  protected:
    void read(const std::string& text) {
        auto parsed = parse_json(text, name_);
        ASSERT_TRUE(parsed) << parsed.error().message();
        json_ = *std::move(parsed);
    }

    [[nodiscard]] JsonPlace root() const { return {json_, name_}; }

    nlohmann::json json_;
    std::string name_ = "file.json";
};

// RFC 6901, section 3: "~" and "/" in a key are ~0 and ~1.
TEST_F(JsonReaderTest, NamesThePlaceOfAnError) {
    read(R"({"a/b": [{"c~d": 1}, {"c~d": "x", "same": 1}, {"same": 1}], "same": 1})");
    EXPECT_EQ(root().error("wrong").message(), "file.json: wrong");
    EXPECT_EQ(root().at("same")->string().error().message(), "file.json: /same: must be a string");
    const auto elements = root().at("a/b")->elements();
    ASSERT_TRUE(elements);
    ASSERT_EQ(elements->size(), 3U);
    EXPECT_EQ((*elements)[1].number("c~d").error().message(),
              "file.json: /a~1b/1/c~0d: must be a whole number that is not negative");
    // Equal values at other places are not taken for it.
    EXPECT_EQ((*elements)[2].string("same").error().message(),
              "file.json: /a~1b/2/same: must be a string");
    EXPECT_EQ((*elements)[2].at("c~d").error().message(), "file.json: /a~1b/2: \"c~d\" is missing");
    EXPECT_EQ((*elements)[1].only({"c~d"}).error().message(),
              "file.json: /a~1b/1/same: unknown key");
}

TEST_F(JsonReaderTest, NamesThePlaceOfAMember) {
    read(R"({"x": {"one": 1, "two": {"three": null}}})");
    const auto members = root().at("x")->members();
    ASSERT_TRUE(members);
    ASSERT_EQ(members->size(), 2U);
    EXPECT_EQ((*members)[1].first, "two");
    EXPECT_EQ((*members)[1].second.at("three")->boolean().error().message(),
              "file.json: /x/two/three: must be true or false");
    EXPECT_FALSE(*(*members)[1].second.find("three"));
    EXPECT_FALSE(*(*members)[1].second.find("four"));
}

}  // namespace
}  // namespace cordwainer
