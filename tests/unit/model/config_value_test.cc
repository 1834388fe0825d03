#include "model/config_value.h"

#include <gtest/gtest.h>

namespace cordwainer {
namespace {

ConfigValue value_of(decltype(ConfigValue::value) value) {
    return {.value = std::move(value), .location = {}, .key_location = {}};
}

TEST(ConfigValue, FindsKeysOfTables) {
    const ConfigValue table =
        value_of(ConfigTable{{"a", value_of(std::int64_t{1})}, {"b", value_of(std::string("x"))}});
    ASSERT_NE(table.find("b"), nullptr);
    EXPECT_EQ(std::get<std::string>(table.find("b")->value), "x");
    EXPECT_EQ(table.find("c"), nullptr);
}

TEST(ConfigValue, FindsNothingOutsideTables) {
    EXPECT_EQ(value_of(true).find("a"), nullptr);
    EXPECT_EQ(value_of(ConfigList{value_of(true)}).find(""), nullptr);
}

TEST(ConfigValue, NamesItsType) {
    EXPECT_STREQ(value_of(true).type_name(), "a boolean");
    EXPECT_STREQ(value_of(std::int64_t{1}).type_name(), "an integer");
    EXPECT_STREQ(value_of(std::string()).type_name(), "a string");
    EXPECT_STREQ(value_of(ConfigList{}).type_name(), "a list");
    EXPECT_STREQ(value_of(ConfigTable{}).type_name(), "a table");
}

TEST(ConfigValue, IsEqualOnlyAtTheSamePlace) {
    ConfigValue a = value_of(std::int64_t{1});
    ConfigValue b = a;
    EXPECT_EQ(a, b);
    b.location.line = 2;
    EXPECT_NE(a, b);
}

}  // namespace
}  // namespace cordwainer
