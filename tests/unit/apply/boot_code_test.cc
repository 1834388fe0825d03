#include "apply/boot_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "tests/support/mem_contents.h"
#include "tests/support/mem_disk.h"

namespace cordwainer {
namespace {

using test::Faults;
using test::MemContents;
using test::MemDisk;
using ::testing::HasSubstr;

using SwitchStep = BasicSwitchBootCode<RealisedSource>;

class BootCode : public ::testing::Test {
  protected:
    BootCode() : disk_(64, faults_) {
        for (std::size_t i = 0; i < 512; ++i) disk_.bytes[i] = static_cast<std::byte>(i & 255U);
        step_.target = {"disk"};
        step_.boot_code = contents_.add(std::string(512, 'b'));
        step_.keep = {{3, 8}, {440, 72}};
        step_.pointer_offset = 92;
        step_.slots = {{{2, 10}, contents_.add(std::string(1000, '0'))},
                       {{12, 10}, contents_.add(std::string(1000, '1'))}};
    }

    // Switches; whether anything was written.
    bool run(Trust trust = Trust::contents) {
        bool changed = false;
        const auto done = switch_boot_code(step_, disk_, contents_, trust, changed);
        EXPECT_TRUE(done) << done.error().message();
        return changed;
    }

    [[nodiscard]] std::uint64_t pointer() const { return le64_at(disk_.bytes, 92).value_or(0); }

    [[nodiscard]] std::string at_lba(std::size_t lba, std::size_t count) const {
        return to_text(*slice(disk_.bytes, lba * 512, count));
    }

    Faults faults_;
    MemContents contents_;
    MemDisk disk_;
    SwitchStep step_;
};

TEST_F(BootCode, FirstInstallationTakesTheFirstSlot) {
    EXPECT_TRUE(run());
    EXPECT_EQ(pointer(), 2U);
    EXPECT_EQ(at_lba(2, 1000), std::string(1000, '0'));
    EXPECT_EQ(at_lba(12, 1), std::string(1, '\0'));
    for (std::size_t i = 0; i < 512; ++i) {
        const bool kept = (i >= 3 && i < 11) || i >= 440;
        const bool in_pointer = i >= 92 && i < 100;
        if (in_pointer) continue;
        EXPECT_EQ(disk_.bytes[i], kept ? static_cast<std::byte>(i & 255U) : std::byte{'b'}) << i;
    }
}

TEST_F(BootCode, ImagesFillWholeSectorsAndNothingBeyond) {
    std::ranges::fill(disk_.bytes, std::byte{0xee});
    EXPECT_TRUE(run());
    EXPECT_EQ(at_lba(2, 1024), std::string(1000, '0') + std::string(24, '\0'));
    EXPECT_EQ(at_lba(4, 512), std::string(512, '\xee'));
}

TEST_F(BootCode, SameCodeIsNotWrittenAgain) {
    EXPECT_TRUE(run());
    disk_.writes.clear();
    EXPECT_FALSE(run());
    EXPECT_TRUE(disk_.writes.empty());
}

TEST_F(BootCode, NewCodeGoesToTheOtherSlotBeforeTheSector) {
    EXPECT_TRUE(run());
    disk_.writes.clear();
    step_.slots[0].image = contents_.add(std::string(1500, 'n'));
    step_.slots[1].image = contents_.add(std::string(1500, 'm'));
    EXPECT_TRUE(run());
    EXPECT_EQ(pointer(), 12U);
    EXPECT_EQ(at_lba(12, 1500), std::string(1500, 'm'));
    EXPECT_EQ(at_lba(2, 1000), std::string(1000, '0')) << "the old slot is not touched";
    ASSERT_EQ(disk_.writes.size(), 2U);
    EXPECT_EQ(disk_.writes[0], (std::pair<std::uint64_t, std::size_t>(12 * 512, 1536)));
    EXPECT_EQ(disk_.writes[1], (std::pair<std::uint64_t, std::size_t>(0, 512)));
    // And back.
    step_.slots[0].image = contents_.add(std::string(100, 'p'));
    step_.slots[1].image = contents_.add(std::string(100, 'q'));
    EXPECT_TRUE(run());
    EXPECT_EQ(pointer(), 2U);
}

TEST_F(BootCode, ADamagedLiveImageIsNotRelaidInPlace) {
    EXPECT_TRUE(run());
    disk_.bytes[2 * 512 + 500] ^= std::byte{1};
    EXPECT_TRUE(run());
    EXPECT_EQ(pointer(), 12U);
    EXPECT_EQ(at_lba(12, 1000), std::string(1000, '1'));
}

TEST_F(BootCode, TheSectorTellsWhichImageThereIs) {
    EXPECT_TRUE(run());
    disk_.reads.clear();
    EXPECT_FALSE(run(Trust::stamps));
    EXPECT_EQ(disk_.reads, (std::vector<std::pair<std::uint64_t, std::size_t>>{{0, 512}}));
    disk_.bytes[2 * 512 + 500] ^= std::byte{1};
    EXPECT_FALSE(run(Trust::stamps)) << "damage is for verifying to find";
    step_.boot_code = contents_.add(std::string(512, 'c'));
    EXPECT_TRUE(run(Trust::stamps));
    EXPECT_EQ(pointer(), 12U);
}

TEST_F(BootCode, ASingleSlotThatACutLeftHalfWrittenIsFound) {
    step_.slots.pop_back();
    EXPECT_TRUE(run(Trust::stamps));
    EXPECT_FALSE(run(Trust::stamps));
    disk_.bytes[2 * 512 + 500] ^= std::byte{1};
    EXPECT_TRUE(run(Trust::stamps));
    EXPECT_EQ(at_lba(2, 1000), std::string(1000, '0'));
}

TEST_F(BootCode, ChangedSectorCodeIsSwitchedToo) {
    EXPECT_TRUE(run());
    disk_.bytes[200] = std::byte{0};
    EXPECT_TRUE(run());
    EXPECT_EQ(pointer(), 12U);
    EXPECT_EQ(disk_.bytes[200], std::byte{'b'});
}

TEST_F(BootCode, AChangedPartitionTableIsKeptAndIsNoChange) {
    EXPECT_TRUE(run());
    disk_.bytes[446] = std::byte{0x80};
    EXPECT_FALSE(run());
    step_.slots[1].image = contents_.add("new");
    step_.slots[0].image = contents_.add("new");
    EXPECT_TRUE(run());
    EXPECT_EQ(disk_.bytes[446], std::byte{0x80});
}

TEST_F(BootCode, ASingleSlotIsWrittenInPlace) {
    step_.slots.pop_back();
    EXPECT_TRUE(run());
    EXPECT_FALSE(run());
    step_.slots[0].image = contents_.add(std::string(700, 'n'));
    EXPECT_TRUE(run());
    EXPECT_EQ(pointer(), 2U);
    EXPECT_EQ(at_lba(2, 700), std::string(700, 'n'));
}

TEST_F(BootCode, ACutAnywhereLeavesALivePointerToAWholeImage) {
    EXPECT_TRUE(run());
    step_.slots[0].image = contents_.add(std::string(1400, 'n'));
    step_.slots[1].image = contents_.add(std::string(1400, 'n'));
    const Bytes before = disk_.bytes;
    bool done = false;
    std::size_t n = 0;
    for (; !done; ++n) {
        disk_.bytes = before;
        faults_.restore();
        faults_.cut_at = n;
        bool changed = false;
        done = switch_boot_code(step_, disk_, contents_, Trust::contents, changed).has_value();
        EXPECT_TRUE(changed);
        if (pointer() == 2) {
            EXPECT_EQ(at_lba(2, 1000), std::string(1000, '0')) << n;
        } else {
            EXPECT_EQ(pointer(), 12U);
            EXPECT_EQ(at_lba(12, 1400), std::string(1400, 'n')) << n;
        }
    }
    EXPECT_EQ(n, 4U);
}

TEST_F(BootCode, SpoiledSourcesAreCorruptAndNothingIsWritten) {
    contents_.spoil(std::get<ObjectRef>(step_.slots[0].image));
    bool changed = false;
    const auto done = switch_boot_code(step_, disk_, contents_, Trust::contents, changed);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::corrupt);
    EXPECT_FALSE(changed);
    EXPECT_TRUE(disk_.writes.empty());
}

TEST_F(BootCode, ASourceThatLiesAboutItsSizeIsCorrupt) {
    std::get<ObjectRef>(step_.slots[0].image).size = 10;
    bool changed = false;
    const auto done = switch_boot_code(step_, disk_, contents_, Trust::contents, changed);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::corrupt);
    EXPECT_TRUE(disk_.writes.empty());
}

TEST_F(BootCode, WhatCannotBeIsRefused) {
    const auto refuses = [&](const SwitchStep& step) {
        const auto checked = check_boot_code(step, 512);
        return !checked && checked.error().code == Errc::refused;
    };
    EXPECT_FALSE(refuses(step_));
    SwitchStep step = step_;
    step.slots[1].range.count = 1;
    EXPECT_TRUE(refuses(step));
    EXPECT_THAT(check_boot_code(step, 512).error().message(), HasSubstr("1000 bytes"));
    step = step_;
    step.slots[1].range.first_lba = 11;
    EXPECT_TRUE(refuses(step)) << "overlap";
    step = step_;
    step.slots[0].range.first_lba = 0;
    EXPECT_TRUE(refuses(step)) << "LBA 0";
    step = step_;
    step.slots[0].range.first_lba = ~std::uint64_t{0} - 2;
    EXPECT_TRUE(refuses(step)) << "overflow";
    step = step_;
    step.slots.clear();
    EXPECT_TRUE(refuses(step));
    step = step_;
    step.slots.push_back({{30, 10}, step.slots[0].image});
    EXPECT_TRUE(refuses(step));
    step = step_;
    step.pointer_offset = 505;
    EXPECT_TRUE(refuses(step));
    step = step_;
    step.keep = {{510, 3}};
    EXPECT_TRUE(refuses(step));
    step = step_;
    step.keep = {{0xffffffff, 0xffffffff}};
    EXPECT_TRUE(refuses(step));
    step = step_;
    step.boot_code = contents_.add(std::string(511, 'b'));
    EXPECT_TRUE(refuses(step));
}

}  // namespace
}  // namespace cordwainer
