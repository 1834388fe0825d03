#include "cli/status_firmware.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordwainer::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Owner = FirmwareEntryStatus::Owner;

constexpr const char* kOurs = "c3b1d2a4-5e6f-4a0b-8c9d-0e1f2a3b4c5d";
constexpr const char* kForeign = "0b1f8d50-1111-4222-8333-444455556666";
constexpr const char* kProgram = "EFI/cordwainer/grubx64.efi";
constexpr const char* kRemovable = "EFI/BOOT/BOOTX64.EFI";

EfiProgram at(const char* partition, const std::string& path) {
    return {.partition = *efi_partition(partition), .path = path};
}

BootEntry entry(std::uint16_t number, const std::optional<EfiProgram>& program) {
    return {.number = number, .option = {.active = true, .title = "title", .program = program}};
}

OwnedPrograms owned(const std::vector<std::string>& paths) {
    OwnedPrograms made;
    for (const std::string& path : paths) {
        made.programs.push_back(
            {.target = {"esp"}, .path = *RelPath::parse(path), .place = at(kOurs, path)});
    }
    return made;
}

// Windows first, a network card, and what is installed here, with the case that others write.
FirmwareList list() {
    return {.entries = {entry(0, at(kForeign, "EFI/Microsoft/bootmgfw.efi")),
                        entry(4, std::nullopt),
                        entry(7, at(kOurs, "EFI/CORDWAINER/GRUBX64.EFI"))},
            .order = {0, 4, 7},
            .current = 7,
            .next = std::nullopt};
}

TEST(StatusFirmware, SaysWhoseEachEntryIs) {
    const FirmwareStatus status = firmware_status(list(), owned({kProgram}));
    ASSERT_EQ(status.entries.size(), 3U);
    EXPECT_EQ(status.entries[0].owner, Owner::other);
    EXPECT_EQ(status.entries[1].owner, Owner::unknown);
    EXPECT_EQ(status.entries[1].path, std::nullopt);
    EXPECT_EQ(status.entries[2].owner, Owner::ours);
    EXPECT_EQ(status.entries[2].path, "EFI/CORDWAINER/GRUBX64.EFI");
    EXPECT_EQ(status.current, 7);
    EXPECT_EQ(status.entry(5), nullptr);
}

TEST(StatusFirmware, KeepsWhichVariablesAreDamaged) {
    FirmwareList broken = list();
    broken.damaged = {"BootNext"};
    EXPECT_TRUE(firmware_status(broken, {}).is_damaged("BootNext"));
    EXPECT_FALSE(firmware_status(broken, {}).is_damaged("BootOrder"));
}

// The same path on another partition is not ours; but it may be, while a target is away.
TEST(StatusFirmware, KnowsNotWhoseItIsWhileATargetIsAway) {
    FirmwareList other = list();
    other.entries = {entry(0, at(kForeign, kProgram))};
    OwnedPrograms ours = owned({kProgram});
    EXPECT_EQ(firmware_status(other, ours).entries[0].owner, Owner::other);
    ours.all = false;
    EXPECT_EQ(firmware_status(other, ours).entries[0].owner, Owner::unknown);
    other.entries[0].option.program = at(kOurs, kProgram);
    EXPECT_EQ(firmware_status(other, ours).entries[0].owner, Owner::ours);
}

TEST(StatusFirmware, TheFirstIsTheFirstThatIsTried) {
    FirmwareList changed = list();
    const auto first = [&] { return firmware_status(changed, {}).first(); };
    EXPECT_EQ(firmware_status(changed, {}).first()->number, 0);
    changed.entries[0].option.active = false;
    // One that is in the order and not in the list.
    changed.order = {0, 9, 7, 4};
    EXPECT_EQ(firmware_status(changed, {}).first()->number, 7);
    changed.order = {0, 9};
    EXPECT_EQ(first(), nullptr);
}

// What the firmware makes of it is not known, so it must not be passed over.
TEST(StatusFirmware, AnEntryThatCannotBeReadMayBeTheFirst) {
    FirmwareList broken = list();
    broken.unreadable = {3};
    broken.order = {3, 7};
    const FirmwareStatus status = firmware_status(broken, owned({kProgram}));
    ASSERT_EQ(status.entries.size(), 4U);
    EXPECT_EQ(status.entries[1].number, 3);
    EXPECT_FALSE(status.entries[1].readable);
    EXPECT_EQ(status.entries[1].owner, Owner::unknown);
    ASSERT_NE(status.first(), nullptr);
    EXPECT_EQ(status.first()->number, 3);
}

TEST(StatusFirmware, MissesAnEntryThatIsNotTried) {
    RealisedPlan plan;
    plan.steps.emplace_back(FirmwareEntry{.target = {"esp"},
                                          .path = *RelPath::parse(kProgram),
                                          .title = "cordwainer",
                                          .fallback = RelPath::parse(kRemovable).value()});
    FirmwareList changed = list();
    const auto missing = [&](const OwnedPrograms& programs) {
        return missing_entries(changed, programs, plan);
    };
    EXPECT_THAT(missing(owned({kProgram})), IsEmpty());
    changed.order = {0, 4};
    const RelPath program = *RelPath::parse(kProgram);
    EXPECT_THAT(missing(owned({kProgram})),
                ElementsAre(MissingEntry{.target = {"esp"}, .path = program}));
    // A copy is no entry: whatever the list has comes first.
    EXPECT_THAT(
        missing(owned({kProgram, kRemovable})),
        ElementsAre(MissingEntry{
            .target = {"esp"}, .path = program, .copy = RelPath::parse(kRemovable).value()}));
    // A target that is away, or damaged: that is said elsewhere.
    EXPECT_THAT(missing({}), IsEmpty());
    changed = list();
    changed.entries.pop_back();
    EXPECT_EQ(missing(owned({kProgram})).size(), 1U);
}

}  // namespace
}  // namespace cordwainer::cli
