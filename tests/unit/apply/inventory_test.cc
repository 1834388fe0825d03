#include "apply/inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/mem_files.h"
#include "tests/support/rel.h"

namespace cordwainer {
namespace {

using test::Faults;
using test::MemContents;
using test::MemFiles;
using test::rel;

Inventory sample() {
    Inventory inventory;
    inventory.counter = 7;
    inventory.files[rel("cordwainer/a b\".mod")] = {
        .digest = sha256("a"), .size = 1, .stamp = "17:4"};
    inventory.files[rel("cordwainer/grub.cfg")] = {
        .digest = sha256("b"), .size = 5'000'000'000, .pending = true, .former = sha256("c")};
    inventory.files[rel("cordwainer/grubenv")] = {
        .digest = sha256("e"), .size = 1024, .provided = true};
    inventory.references.push_back(
        {.path = "/gnu/store/x/bzImage", .digest = sha256("k"), .size = 12});
    return inventory;
}

TEST(Inventory, RendersAndParses) {
    const auto parsed = parse_inventory(render_inventory(sample()), "inventory.1");
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(*parsed, sample());
}

TEST(Inventory, EveryTruncationIsCorrupt) {
    const std::string whole = render_inventory(sample());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto parsed = parse_inventory(std::string_view(whole).substr(0, size), "inventory.1");
        ASSERT_FALSE(parsed) << size;
        ASSERT_EQ(parsed.error().code, Errc::corrupt) << size;
    }
}

TEST(Inventory, EveryChangedByteIsCorrupt) {
    const std::string whole = render_inventory(sample());
    // The counter is not covered by the digest, but a changed digit can only make this file older
    // or newer, and a torn write changes the digest too.
    const std::size_t counter = whole.find(' ') + 1;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        if (i == counter) continue;
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(parse_inventory(changed, "inventory.1")) << i;
    }
}

TEST(Inventory, AlternatesAndEveryTruncationGivesTheOther) {
    MemContents contents;
    Faults faults;
    MemFiles target(contents, faults);
    const RelPath own = rel("cordwainer");
    Inventory first;
    first.files[rel("cordwainer/first")] = {.digest = sha256("1"), .size = 1};
    ASSERT_TRUE(save_inventory(target, own, first));
    EXPECT_EQ(first.counter, 1U);
    Inventory second = first;
    second.files[rel("cordwainer/second")] = {.digest = sha256("2"), .size = 1};
    ASSERT_TRUE(save_inventory(target, own, second));
    EXPECT_EQ(second.counter, 2U);
    EXPECT_TRUE(target.text("cordwainer/inventory.0"));
    EXPECT_TRUE(target.text("cordwainer/inventory.1"));

    const auto newest = load_inventory(target, own);
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->inventory, second);
    EXPECT_FALSE(newest->warning);

    const std::string whole = *target.text("cordwainer/inventory.0");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        target.put("cordwainer/inventory.0", whole.substr(0, size));
        const auto loaded = load_inventory(target, own);
        ASSERT_TRUE(loaded);
        ASSERT_EQ(loaded->inventory, first) << size;
        ASSERT_FALSE(loaded->warning);
    }
    // The next write goes over the torn one.
    Inventory third = first;
    ASSERT_TRUE(save_inventory(target, own, third));
    EXPECT_EQ(load_inventory(target, own)->inventory, third);
}

TEST(Inventory, NoneIsEmptyAndTwoBrokenOnesWarn) {
    MemContents contents;
    Faults faults;
    MemFiles target(contents, faults);
    const auto none = load_inventory(target, rel("cordwainer"));
    ASSERT_TRUE(none);
    EXPECT_EQ(none->inventory, Inventory());
    EXPECT_FALSE(none->warning);

    target.put("cordwainer/inventory.0", "garbage");
    target.put("cordwainer/inventory.1", "cordwainer-inventory/1 3 0\n{}");
    const auto broken = load_inventory(target, rel("cordwainer"));
    ASSERT_TRUE(broken);
    EXPECT_EQ(broken->inventory, Inventory());
    EXPECT_TRUE(broken->warning);
}

TEST(Inventory, AnotherFormatIsRefused) {
    std::string text = render_inventory(sample());
    text.replace(text.find("/1 "), 3, "/2 ");
    const auto parsed = parse_inventory(text, "inventory.0");
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message(), ::testing::HasSubstr("inventory.0"));
}

TEST(Inventory, PathsThatClimbOutAreRefused) {
    Inventory inventory = sample();
    std::string text = render_inventory(inventory);
    std::string body = text.substr(text.find('\n') + 1);
    body.replace(body.find("cordwainer/grub.cfg"), 19, "../../../etc/passwd");
    text = "cordwainer-inventory/1 7 " + sha256(body).hex() + "\n" + body;
    EXPECT_FALSE(parse_inventory(text, "inventory.0"));
}

}  // namespace
}  // namespace cordwainer
