#include "apply/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apply/inventory.h"
#include "tests/support/boot_world.h"

namespace cordwainer {
namespace {

using test::BootWorld;
using test::MemFiles;
using test::rel;
using test::Version;
using ::testing::HasSubstr;

const Version kOne{.key = "k1", .menu = "one", .kernels = {"kernel 1"}};
const Version kMenuOnly{.key = "k1", .menu = "two", .kernels = {"kernel 1", "kernel 2"}};
const Version kUpgrade{.key = "k2", .menu = "three", .kernels = {"kernel 2"}};

TEST(Executor, InstallsEverything) {
    BootWorld world;
    const ApplyOutcome outcome = world.apply(world.plan(kOne));
    ASSERT_TRUE(outcome.result) << outcome.result.error().message();
    EXPECT_TRUE(outcome.changed);
    EXPECT_TRUE(outcome.warnings.empty());
    EXPECT_EQ(world.boot_from_disk(), "one");
    EXPECT_EQ(world.boot_from_esp(), "one");
    EXPECT_EQ(world.files.text("grub.cfg"), "configfile cordwainer/k1/grub.cfg");
    EXPECT_EQ(world.files.text("vmlinuz"), "a stranger's kernel");
    EXPECT_EQ(world.esp.text("EFI/BOOT/BOOTX64.EFI"), "a stranger's loader");
    // The disk's own bytes are kept.
    for (std::size_t i = 440; i < 512; ++i)
        ASSERT_EQ(world.disk.bytes[i], static_cast<std::byte>(i & 255U)) << i;
}

TEST(Executor, InventoryListsWhatIsOwned) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    const auto loaded = load_inventory(world.files, rel("cordwainer"));
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->inventory.files.size(), 5U);
    for (const auto& [path, file] : loaded->inventory.files) {
        const auto text = world.files.text(path.text());
        ASSERT_TRUE(text) << path.text();
        EXPECT_EQ(sha256(*text), file.digest) << path.text();
        EXPECT_EQ(text->size(), file.size) << path.text();
        EXPECT_FALSE(file.pending) << path.text();
        EXPECT_FALSE(file.former) << path.text();
    }
    ASSERT_EQ(loaded->inventory.references.size(), 1U);
    EXPECT_EQ(loaded->inventory.references[0].path, "/gnu/store/one");
    const auto esp = load_inventory(world.esp, rel("EFI/cordwainer"));
    ASSERT_TRUE(esp);
    EXPECT_EQ(esp->inventory.files.size(), 1U);
    EXPECT_TRUE(esp->inventory.references.empty());
}

TEST(Executor, RepairsDamageByAnExchange) {
    BootWorld world;
    world.files.stamps = false;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    const std::string module = "cordwainer/k1/linux.mod";
    world.files.put(module, "linux 0f k1");
    ASSERT_FALSE(world.apply(world.plan(kOne)).changed);
    const std::size_t exchanged = world.files.replaced;
    const ApplyOutcome outcome = world.apply(world.plan(kOne), Trust::contents);
    ASSERT_TRUE(outcome.result) << outcome.result.error().message();
    EXPECT_EQ(world.files.text(module), "linux of k1");
    EXPECT_EQ(world.files.replaced, exchanged + 1);
    EXPECT_FALSE(world.apply(world.plan(kOne), Trust::contents).changed);
}

TEST(Executor, TellsWhatItsTargetsFound) {
    class Telling : public MemFiles {
      public:
        using MemFiles::MemFiles;

        std::vector<std::string> take_warnings() override { return {"something is odd"}; }
    };

    BootWorld world;
    Telling telling(world.contents, world.faults);
    Bindings bindings = world.bindings();
    bindings.files[{"esp"}] = &telling;
    const ApplyOutcome outcome = apply(world.plan(kOne), bindings, world.contents, world.progress);
    ASSERT_TRUE(outcome.result);
    EXPECT_THAT(outcome.warnings, ::testing::ElementsAre("target esp: something is odd"));
}

TEST(Executor, SecondRunWritesNothingAndReadsNoFiles) {
    for (const bool stamps : {true, false}) {
        BootWorld world;
        world.files.stamps = stamps;
        world.esp.stamps = stamps;
        ASSERT_TRUE(world.apply(world.plan(kOne)).result);
        const auto before = world.files.all();
        world.faults.restore();
        world.files.contents_read = 0;
        world.contents.located = 0;
        const ApplyOutcome again = world.apply(world.plan(kOne));
        ASSERT_TRUE(again.result) << again.result.error().message();
        EXPECT_FALSE(again.changed);
        EXPECT_EQ(world.faults.operations, 0U);
        EXPECT_EQ(world.files.contents_read, 0);
        EXPECT_LE(world.contents.located, 2) << "only the boot code is looked at";
        EXPECT_EQ(world.files.all(), before);
    }
}

TEST(Executor, MenuChangeWritesOnlyWhatIsNew) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    world.faults.restore();
    world.disk.writes.clear();
    ASSERT_TRUE(world.apply(world.plan(kMenuOnly)).result);
    EXPECT_EQ(world.boot_from_disk(), "two");
    EXPECT_TRUE(world.disk.writes.empty());
    // Inventory, kernel 2, settle, the menu (two moments of an exchange), inventory.
    EXPECT_EQ(world.faults.operations, 6U);
}

TEST(Executor, UpgradeRemovesWhatIsNoLongerOwned) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    ASSERT_TRUE(world.apply(world.plan(kUpgrade)).result);
    EXPECT_EQ(world.boot_from_disk(), "three");
    EXPECT_EQ(world.boot_from_esp(), "three");
    for (const auto& [path, text] : world.files.all()) {
        EXPECT_THAT(path, ::testing::Not(HasSubstr("/k1/")));
        EXPECT_NE(text, "kernel 1");
    }
    EXPECT_EQ(world.files.text("vmlinuz"), "a stranger's kernel");
}

TEST(Executor, LeavesAFixedNameThatAStrangerWroteOver) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    world.files.put("grub.cfg", "written by somebody else");
    RealisedPlan without = world.plan(kOne);
    std::erase_if(without.steps, [](const RealisedStep& step) {
        const auto* replace = std::get_if<BasicReplaceFile<RealisedSource>>(&step);
        return replace && replace->path.text() == "grub.cfg";
    });
    const ApplyOutcome outcome = world.apply(without);
    ASSERT_TRUE(outcome.result);
    EXPECT_EQ(world.files.text("grub.cfg"), "written by somebody else");
    ASSERT_EQ(outcome.warnings.size(), 1U);
    EXPECT_THAT(outcome.warnings[0], HasSubstr("grub.cfg"));
    // It is forgotten, not asked about again.
    EXPECT_TRUE(world.apply(without).warnings.empty());
}

TEST(Executor, RemovesAFixedNameThatIsStillOurs) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    RealisedPlan without = world.plan(kOne);
    std::erase_if(without.steps, [](const RealisedStep& step) {
        const auto* replace = std::get_if<BasicReplaceFile<RealisedSource>>(&step);
        return replace && replace->path.text() == "grub.cfg";
    });
    ASSERT_TRUE(world.apply(without).result);
    EXPECT_FALSE(world.files.text("grub.cfg"));
}

TEST(Executor, PutsBackWhatAStrangerWroteOver) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    // Of the same size: only the stamp tells.
    const std::string ours = *world.files.text("grub.cfg");
    world.files.put("grub.cfg", std::string(ours.size(), 'x'));
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    EXPECT_EQ(world.files.text("grub.cfg"), ours);
}

TEST(Executor, ATouchedFileIsReadAndLeft) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    world.files.put("grub.cfg", *world.files.text("grub.cfg"));
    world.faults.restore();
    const ApplyOutcome outcome = world.apply(world.plan(kOne));
    ASSERT_TRUE(outcome.result);
    EXPECT_FALSE(outcome.changed);
    EXPECT_EQ(world.faults.operations, 0U);
}

TEST(Executor, ADeletedFileIsWrittenAgain) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    world.files.erase("cordwainer/k1/normal.mod");
    const ApplyOutcome outcome = world.apply(world.plan(kOne));
    ASSERT_TRUE(outcome.result);
    EXPECT_TRUE(outcome.changed);
    EXPECT_EQ(world.boot_from_disk(), "one");
}

TEST(Executor, AppliesOnlyWhatIsBound) {
    BootWorld world;
    const RealisedPlan plan = world.plan(kOne);
    Bindings files = world.bindings();
    files.blocks.clear();
    ASSERT_TRUE(apply(plan, files, world.contents, world.progress).result);
    EXPECT_EQ(world.boot_from_esp(), "one");
    EXPECT_EQ(world.boot_from_disk(), "no boot code");
    Bindings disk = world.bindings();
    disk.files.clear();
    const std::size_t operations = world.faults.operations;
    ASSERT_TRUE(apply(plan, disk, world.contents, world.progress).result);
    EXPECT_EQ(world.boot_from_disk(), "one");
    EXPECT_EQ(world.faults.operations, operations + 3);  // a boot image, and the sector
}

// A plan of one file in our own directory and an entry elsewhere that names it.
RealisedPlan plan_with_entry(BootWorld& world, const std::string& name) {
    RealisedPlan plan;
    plan.targets = {{.id = {"esp"}, .spec = {}, .uuid = {}, .own = rel("EFI/cordwainer")}};
    plan.steps = {
        BasicStageFile<RealisedSource>{
            {"esp"}, rel("EFI/cordwainer/kernel-" + name), world.contents.add("kernel " + name)},
        BasicReplaceFile<RealisedSource>{
            {"esp"}, rel("loader/entries/" + name), world.contents.add("entry " + name)}};
    return plan;
}

// At no moment is there an entry without its file, whatever a power cut keeps.
TEST(Executor, RemovesAnEntryBeforeWhatItNames) {
    for (const auto after : {MemFiles::AfterCut::kept, MemFiles::AfterCut::lost}) {
        bool cut = true;
        for (std::size_t operation = 0; cut; ++operation) {
            BootWorld world;
            ASSERT_TRUE(world.apply(plan_with_entry(world, "old")).result);
            world.faults = {.operations = 0, .cut_at = operation, .cut = false};
            cut = !world.apply(plan_with_entry(world, "new")).result;
            world.faults.restore();
            world.esp.power_up(after);
            bool some = false;
            for (const std::string name : {"old", "new"}) {
                if (!world.esp.text("loader/entries/" + name)) continue;
                some = true;
                EXPECT_EQ(world.esp.text("EFI/cordwainer/kernel-" + name), "kernel " + name)
                    << "cut at operation " << operation;
            }
            EXPECT_TRUE(some) << "cut at operation " << operation;
        }
    }
}

// A place that an earlier configuration named, or another bootloader had: after the new menu is in
// place nothing of ours is left there, nor of the inventory; a cut leaves it to the next run.
TEST(Executor, ClearsATargetThatHasNoSteps) {
    bool cut = true;
    for (std::size_t operation = 0; cut; ++operation) {
        BootWorld world;
        ASSERT_TRUE(world.apply(world.plan(kOne)).result);
        RealisedPlan without = world.plan(kUpgrade);
        std::erase_if(without.steps,
                      [](const RealisedStep& step) { return target_of(step).text == "esp"; });
        world.faults = {.operations = 0, .cut_at = operation, .cut = false};
        cut = !world.apply(without).result;
        world.faults.restore();
        world.esp.power_up(MemFiles::AfterCut::kept);
        const ApplyOutcome outcome = world.apply(without);
        ASSERT_TRUE(outcome.result) << outcome.result.error().message();
        EXPECT_FALSE(world.esp.text("EFI/cordwainer/grubx64.efi")) << operation;
        EXPECT_FALSE(world.esp.text("EFI/cordwainer/inventory.0")) << operation;
        EXPECT_FALSE(world.esp.text("EFI/cordwainer/inventory.1")) << operation;
        EXPECT_EQ(world.esp.text("EFI/BOOT/BOOTX64.EFI"), "a stranger's loader");
        EXPECT_EQ(world.boot_from_disk(), "three");
        EXPECT_FALSE(world.apply(without).changed);
    }
}

TEST(Executor, RemovesNothingWhileATargetIsOutOfReach) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    Bindings without_esp = world.bindings();
    without_esp.files.erase({"esp"});
    ASSERT_TRUE(apply(world.plan(kUpgrade), without_esp, world.contents, world.progress).result);
    EXPECT_EQ(world.boot_from_disk(), "three");
    EXPECT_EQ(world.boot_from_esp(), "one") << "the old core must still find its directory";
    const auto kept = load_inventory(world.files, rel("cordwainer"));
    ASSERT_TRUE(kept);
    EXPECT_TRUE(kept->inventory.files.contains(rel("cordwainer/k1/normal.mod")));
    EXPECT_EQ(kept->inventory.references.size(), 2U);

    // It is there again.
    ASSERT_TRUE(world.apply(world.plan(kUpgrade)).result);
    EXPECT_EQ(world.boot_from_esp(), "three");
    EXPECT_FALSE(world.files.text("cordwainer/k1/normal.mod"));
}

TEST(Executor, ShortOfSpaceWritesNothing) {
    BootWorld world;
    world.files.free = FreeSpace{.bytes = 20'000, .block_size = 4096};
    const auto before = world.files.all();
    const ApplyOutcome outcome = world.apply(world.plan(kOne));
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().code, Errc::no_space);
    EXPECT_FALSE(outcome.changed);
    EXPECT_EQ(world.files.all(), before);
    EXPECT_EQ(world.faults.operations, 0U);
    world.files.free = FreeSpace{.bytes = 60'000, .block_size = 4096};
    EXPECT_TRUE(world.apply(world.plan(kOne)).result);
}

TEST(Executor, TargetsOfOneFileSystemShareItsSpace) {
    BootWorld world;
    RealisedPlan plan = world.plan(kOne);
    world.files.free = FreeSpace{.bytes = 60'000, .block_size = 4096};
    world.esp.free = world.files.free;
    ASSERT_TRUE(apply(plan, world.bindings(), world.contents, world.progress).result);

    BootWorld shared;
    RealisedPlan same = shared.plan(kOne);
    for (PlannedTarget& target : same.targets) target.uuid = Uuid::parse("1C31-A17C");
    shared.files.free = FreeSpace{.bytes = 60'000, .block_size = 4096};
    shared.esp.free = shared.files.free;
    const ApplyOutcome outcome = shared.apply(same);
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().code, Errc::no_space);
}

TEST(Executor, AMissingSourceIsFoundBeforeAnythingIsWritten) {
    BootWorld world;
    const RealisedPlan plan = world.plan(kOne);
    world.contents.forget(world.contents.add("kernel 1"));
    const ApplyOutcome outcome = world.apply(plan);
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().code, Errc::not_found);
    EXPECT_FALSE(outcome.changed);
    EXPECT_EQ(world.faults.operations, 0U);
}

TEST(Executor, ASpoiledSourceIsNotCommitted) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    const RealisedPlan plan = world.plan(kUpgrade);
    world.contents.spoil(world.contents.add("kernel 2"));
    const ApplyOutcome outcome = world.apply(plan);
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().code, Errc::corrupt);
    EXPECT_TRUE(outcome.changed);
    EXPECT_EQ(world.boot_from_disk(), "one");
    EXPECT_EQ(world.boot_from_esp(), "one");
}

TEST(Executor, TooLargeABootImageIsRefusedBeforeAnythingIsWritten) {
    BootWorld world;
    RealisedPlan plan = world.plan(kOne);
    for (RealisedStep& step : plan.steps) {
        if (auto* boot = std::get_if<BasicSwitchBootCode<RealisedSource>>(&step))
            boot->slots[1].range.count = 1;
    }
    const ApplyOutcome outcome = world.apply(plan);
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().code, Errc::refused);
    EXPECT_FALSE(outcome.changed);
    EXPECT_EQ(world.faults.operations, 0U);
}

// The menu, the EFI program, a file that is staged, and where the inventory goes.
TEST(Executor, WhatIsInTheWayIsRefusedBeforeAnythingIsWritten) {
    for (const char* path : {"grub.cfg", "cordwainer/k1/normal.mod", "cordwainer/inventory.1"}) {
        BootWorld world;
        world.files.directories = {path};
        const ApplyOutcome outcome = world.apply(world.plan(kOne));
        ASSERT_FALSE(outcome.result) << path;
        EXPECT_EQ(outcome.result.error().code, Errc::refused);
        EXPECT_THAT(outcome.result.error().message(), HasSubstr(std::string(path) + " is a dir"));
        EXPECT_THAT(outcome.result.error().message(), HasSubstr("target files"));
        EXPECT_FALSE(outcome.changed);
        EXPECT_EQ(world.faults.operations, 0U);
        world.files.directories.clear();
        EXPECT_TRUE(world.apply(world.plan(kOne)).result);
    }
}

TEST(Executor, AFileTargetWithoutAnOwnDirectoryIsRefused) {
    BootWorld world;
    RealisedPlan plan = world.plan(kOne);
    plan.targets[0].own.reset();
    const ApplyOutcome outcome = world.apply(plan);
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().code, Errc::unsupported);
}

TEST(Executor, UnreadableInventoriesWarnAndRemoveNothing) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    world.files.put("cordwainer/inventory.0", "x");
    world.files.put("cordwainer/inventory.1", "y");
    const ApplyOutcome outcome = world.apply(world.plan(kUpgrade));
    ASSERT_TRUE(outcome.result);
    EXPECT_EQ(outcome.warnings.size(), 1U);
    EXPECT_EQ(world.boot_from_disk(), "three");
    EXPECT_TRUE(world.files.text("cordwainer/k1/normal.mod"));
}

class FakeFirmware : public FirmwareEntries {
  public:
    Result<bool> has(const FirmwareEntry& entry) override { return titles.contains(entry.title); }

    Result<void> check_writable() override { return {}; }

    Result<bool> ensure(const FirmwareEntry& entry) override {
        if (full) return Error(Errc::no_space, "the firmware is full");
        return titles.insert(entry.title).second;
    }

    Result<bool> forget(const TargetId& target, const RelPath& path) override {
        forgotten.push_back(target.text + ": " + path.text());
        return true;
    }

    bool full = false;
    std::set<std::string> titles;
    std::vector<std::string> forgotten;
};

// A plan with a firmware entry for the ESP's program.
RealisedPlan plan_with_entry(BootWorld& world, const Version& version) {
    RealisedPlan plan = world.plan(version);
    plan.steps.emplace_back(FirmwareEntry{.target = {"esp"},
                                          .path = rel("EFI/cordwainer/grubx64.efi"),
                                          .title = "Guix",
                                          .fallback = rel("EFI/BOOT/BOOTX64.EFI")});
    return plan;
}

class FirmwareEntrySteps : public testing::Test {
  protected:
    ApplyOutcome apply(const RealisedPlan& plan) {
        Bindings bindings = world_.bindings();
        bindings.firmware = &firmware_;
        return cordwainer::apply(plan, bindings, world_.contents, world_.progress);
    }

    ApplyOutcome apply(const Version& version) { return apply(plan_with_entry(world_, version)); }

    [[nodiscard]] std::optional<std::string> fallback() const {
        return world_.esp.text("EFI/BOOT/BOOTX64.EFI");
    }

    BootWorld world_;
    FakeFirmware firmware_;
};

TEST_F(FirmwareEntrySteps, WithoutRoomTheProgramGetsTheNameThatFirmwareLooksFor) {
    ASSERT_TRUE(world_.esp.remove(rel("EFI/BOOT/BOOTX64.EFI")));
    firmware_.full = true;
    const ApplyOutcome outcome = apply(kOne);
    ASSERT_TRUE(outcome.result) << outcome.result.error().message();
    EXPECT_TRUE(outcome.not_done.empty());
    ASSERT_EQ(outcome.warnings.size(), 1U);
    EXPECT_THAT(outcome.warnings[0], HasSubstr("the firmware is full"));
    EXPECT_THAT(outcome.warnings[0], HasSubstr("EFI/BOOT/BOOTX64.EFI"));
    EXPECT_EQ(fallback(), world_.esp.text("EFI/cordwainer/grubx64.efi"));

    // The same again writes nothing, and still warns.
    const ApplyOutcome again = apply(kOne);
    ASSERT_TRUE(again.result);
    EXPECT_FALSE(again.changed);
    EXPECT_EQ(again.warnings.size(), 1U);

    // An upgrade of the loader is one of this copy too.
    ASSERT_TRUE(apply(kUpgrade).result);
    EXPECT_EQ(fallback(), world_.esp.text("EFI/cordwainer/grubx64.efi"));

    // Once there is an entry, the copy goes.
    firmware_.full = false;
    const ApplyOutcome made = apply(kUpgrade);
    ASSERT_TRUE(made.result);
    EXPECT_TRUE(made.changed);
    EXPECT_TRUE(made.warnings.empty());
    EXPECT_EQ(fallback(), std::nullopt);
    EXPECT_FALSE(apply(kUpgrade).changed);
}

TEST_F(FirmwareEntrySteps, AnotherSystemsFileIsNeverReplaced) {
    firmware_.full = true;
    const ApplyOutcome outcome = apply(kOne);
    ASSERT_TRUE(outcome.result);
    EXPECT_EQ(fallback(), "a stranger's loader");
    ASSERT_EQ(outcome.not_done.size(), 1U);
    EXPECT_THAT(outcome.not_done[0], HasSubstr("is not ours"));
    EXPECT_FALSE(apply(kOne).changed);
}

TEST_F(FirmwareEntrySteps, ADirectoryWhereFirmwareLooksIsTold) {
    ASSERT_TRUE(world_.esp.remove(rel("EFI/BOOT/BOOTX64.EFI")));
    world_.esp.directories = {"EFI/BOOT/BOOTX64.EFI"};
    firmware_.full = true;
    const ApplyOutcome outcome = apply(kOne);
    ASSERT_TRUE(outcome.result);
    EXPECT_EQ(fallback(), std::nullopt);
    ASSERT_EQ(outcome.not_done.size(), 1U);
    EXPECT_THAT(outcome.not_done[0], HasSubstr("EFI/BOOT/BOOTX64.EFI is a directory"));
    EXPECT_FALSE(apply(kOne).changed);
}

TEST_F(FirmwareEntrySteps, ACopyThatAnotherSystemHasReplacedIsNoLongerOurs) {
    ASSERT_TRUE(world_.esp.remove(rel("EFI/BOOT/BOOTX64.EFI")));
    firmware_.full = true;
    ASSERT_TRUE(apply(kOne).result);
    world_.esp.put("EFI/BOOT/BOOTX64.EFI", "Windows, a longer one");
    const ApplyOutcome outcome = apply(kOne);
    ASSERT_TRUE(outcome.result);
    EXPECT_EQ(outcome.not_done.size(), 1U);
    EXPECT_EQ(fallback(), "Windows, a longer one");
}

TEST_F(FirmwareEntrySteps, ACutWhileFallingBackIsCompleted) {
    firmware_.full = true;
    bool cut = true;
    for (std::size_t operation = 0; cut; ++operation) {
        BootWorld world;
        ASSERT_TRUE(world.esp.remove(rel("EFI/BOOT/BOOTX64.EFI")));
        ASSERT_TRUE(world.esp.settle());
        Bindings bindings = world.bindings();
        bindings.firmware = &firmware_;
        const RealisedPlan wanted = plan_with_entry(world, kOne);
        world.faults = {.cut_at = operation};
        static_cast<void>(cordwainer::apply(wanted, bindings, world.contents, world.progress));
        cut = world.faults.cut;
        world.power_up(MemFiles::AfterCut::lost);
        const ApplyOutcome next =
            cordwainer::apply(wanted, bindings, world.contents, world.progress);
        ASSERT_TRUE(next.result) << operation << ": " << next.result.error().message();
        EXPECT_TRUE(next.not_done.empty()) << operation;
        EXPECT_EQ(world.esp.text("EFI/BOOT/BOOTX64.EFI"),
                  world.esp.text("EFI/cordwainer/grubx64.efi"));
    }
}

TEST_F(FirmwareEntrySteps, AProgramThatGoesIsForgottenFirst) {
    ASSERT_TRUE(apply(kOne).result);
    EXPECT_TRUE(firmware_.forgotten.empty());
    RealisedPlan plan = world_.plan(kOne);
    std::erase_if(plan.steps,
                  [](const RealisedStep& step) { return target_of(step).text == "esp"; });
    const ApplyOutcome outcome = apply(plan);
    ASSERT_TRUE(outcome.result);
    EXPECT_THAT(firmware_.forgotten, testing::ElementsAre("esp: EFI/cordwainer/grubx64.efi"));
}

TEST(Executor, FirmwareEntriesAreMadeOrReported) {
    BootWorld world;
    RealisedPlan plan = world.plan(kOne);
    plan.steps.emplace_back(FirmwareEntry{{"esp"}, rel("EFI/cordwainer/grubx64.efi"), "Guix"});
    const ApplyOutcome without = world.apply(plan);
    ASSERT_TRUE(without.result);
    ASSERT_EQ(without.not_done.size(), 1U);
    EXPECT_THAT(without.not_done[0], HasSubstr("Guix"));

    FakeFirmware firmware;
    Bindings bindings = world.bindings();
    bindings.firmware = &firmware;
    const ApplyOutcome made = apply(plan, bindings, world.contents, world.progress);
    ASSERT_TRUE(made.result);
    EXPECT_TRUE(made.changed);
    EXPECT_TRUE(made.not_done.empty());
    EXPECT_TRUE(firmware.titles.contains("Guix"));
    EXPECT_FALSE(apply(plan, bindings, world.contents, world.progress).changed);
}

TEST(Executor, ProgressCountsEveryByteThatIsWritten) {
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(kOne)).result);
    ASSERT_EQ(world.progress.phases.size(), 3U);
    EXPECT_EQ(world.progress.phases[0].first, "stage");
    EXPECT_EQ(world.progress.phases[1].first, "commit");
    EXPECT_EQ(world.progress.phases[2].first, "clean");
    EXPECT_EQ(world.progress.advanced,
              world.progress.phases[0].second + world.progress.phases[1].second);
    EXPECT_GT(world.progress.advanced, 0U);
}

// What is to be done before the first byte is done neither where there is no room, nor after it.
TEST(Executor, AsksBeforeItWritesAndAfterItKnowsThatItFits) {
    BootWorld world;
    int asked = 0;
    const auto install = [&](Result<void> answer) {
        return apply(world.plan(kOne),
                     world.bindings(),
                     world.contents,
                     world.progress,
                     Trust::stamps,
                     [&]() -> Result<void> {
                         ++asked;
                         EXPECT_EQ(world.faults.operations, 0U) << "something was written";
                         return answer;
                     });
    };
    world.files.free = FreeSpace{.bytes = 1};
    const ApplyOutcome full = install({});
    ASSERT_FALSE(full.result);
    EXPECT_EQ(full.result.error().code, Errc::no_space);
    EXPECT_EQ(asked, 0);
    world.files.free.reset();
    const ApplyOutcome refused = install(Error(Errc::refused, "not now"));
    ASSERT_FALSE(refused.result);
    EXPECT_FALSE(refused.changed);
    EXPECT_EQ(world.faults.operations, 0U);
    EXPECT_EQ(asked, 1);
    EXPECT_TRUE(install({}).result);
    EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace cordwainer
