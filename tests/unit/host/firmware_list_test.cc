#include "host/firmware_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

using testing::ElementsAre;

class FirmwareListTest : public testing::Test {
  protected:
    void put(const char* name, const Bytes& value) const {
        Bytes bytes(4);  // the attributes
        bytes.insert(bytes.end(), value.begin(), value.end());
        ASSERT_TRUE(
            write_durably(directory_.path() / (std::string(name) + "-" + kEfiGlobal), bytes));
    }

    [[nodiscard]] Result<FirmwareList> read() const {
        return read_firmware_list(FirmwareVariables(directory_.path()));
    }

    [[nodiscard]] static Bytes bytes(std::initializer_list<int> values) {
        Bytes made;
        for (const int value : values) made.push_back(static_cast<std::byte>(value));
        return made;
    }

  private:
    TemporaryDirectory directory_ = *TemporaryDirectory::make({}, "efivars-");
};

TEST_F(FirmwareListTest, IsReadAsAWhole) {
    put("BootOrder", bytes({0x42, 0x01, 0x03, 0x00}));
    put("BootCurrent", bytes({0x03, 0x00}));
    put("BootNext", bytes({0x42, 0x01}));
    put("BootOptionSupport", bytes({1, 0, 0, 0}));
    put("Boot0003", render_load_option("x", {.partition = {}, .path = "EFI/x.efi"}));
    const auto list = read();
    ASSERT_TRUE(list) << list.error().message();
    EXPECT_THAT(list->order, ElementsAre(0x142, 3));
    EXPECT_EQ(list->current, 3);
    EXPECT_EQ(list->next, 0x142);
    ASSERT_EQ(list->entries.size(), 1U);
    EXPECT_EQ(list->entries[0].option.title, "x");
}

TEST_F(FirmwareListTest, KeepsTheNumbersOfEntriesThatCannotBeRead) {
    put("Boot0001", bytes({1, 0, 0}));
    put("Boot0002", render_load_option("x", {.partition = {}, .path = "EFI/x.efi"}));
    put("Boot0003", {});
    const auto list = read();
    ASSERT_TRUE(list) << list.error().message();
    ASSERT_EQ(list->entries.size(), 1U);
    EXPECT_EQ(list->entries[0].number, 2);
    EXPECT_THAT(list->unreadable, ElementsAre(1, 3));
}

TEST_F(FirmwareListTest, NumbersThatAreNotThereAreNone) {
    put("BootOrder", bytes({3, 0}));
    const auto list = read();
    ASSERT_TRUE(list);
    EXPECT_EQ(list->current, std::nullopt);
    EXPECT_EQ(list->next, std::nullopt);
}

TEST_F(FirmwareListTest, WhatIsNoNumberIsNamedAndHidesNothing) {
    put("Boot0003", render_load_option("x", {.partition = {}, .path = "EFI/x.efi"}));
    put("BootOrder", bytes({3, 0}));
    put("BootCurrent", bytes({3, 0}));
    put("BootNext", bytes({3}));
    auto list = read();
    ASSERT_TRUE(list) << list.error().message();
    EXPECT_THAT(list->damaged, ElementsAre("BootNext"));
    EXPECT_EQ(list->next, std::nullopt);
    EXPECT_EQ(list->current, 3);
    EXPECT_THAT(list->order, ElementsAre(3));
    EXPECT_EQ(list->entries.size(), 1U);

    put("BootOrder", bytes({3, 0, 7}));
    put("BootCurrent", {});
    list = read();
    ASSERT_TRUE(list) << list.error().message();
    EXPECT_THAT(list->damaged, ElementsAre("BootOrder", "BootCurrent", "BootNext"));
    EXPECT_THAT(list->order, testing::IsEmpty());
    EXPECT_EQ(list->entries.size(), 1U);
}

TEST_F(FirmwareListTest, WithoutVariablesThereIsNone) {
    EXPECT_EQ(read().error().code, Errc::not_found);
}

}  // namespace
}  // namespace cordwainer
