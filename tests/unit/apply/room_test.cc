#include "apply/room.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "apply/space.h"
#include "tests/support/boot_world.h"

namespace cordwainer {
namespace {

using test::BootWorld;
using test::FileSystemKind;
using test::MemFiles;
using test::rel;
using test::Version;
using ::testing::HasSubstr;

constexpr std::uint32_t kBlock = 512;

// A target that counts what its files take while a plan is applied, in blocks.
class Counting : public MemFiles {
  public:
    using MemFiles::MemFiles;

    void begin() {
        before_ = taken();
        peak = 0;
    }

    [[nodiscard]] std::int64_t change() const { return taken() - before_; }

    Result<void> write(const RelPath& path, ByteView bytes) override {
        note(static_cast<std::int64_t>(in_blocks(bytes.size(), kBlock)));
        return MemFiles::write(path, bytes);
    }

    Result<void> stage(const RelPath& path,
                       const std::filesystem::path& from,
                       const Digest& digest) override {
        auto done = MemFiles::stage(path, from, digest);
        note(0);
        return done;
    }

    Result<void> replace(const RelPath& path,
                         const std::filesystem::path& from,
                         const Digest& digest) override {
        const std::uint64_t old = text(path.text()).value_or("").size();
        auto done = MemFiles::replace(path, from, digest);
        note(static_cast<std::int64_t>(in_blocks(old, kBlock)));  // it was there beside the new one
        return done;
    }

    std::int64_t peak = 0;

  private:
    [[nodiscard]] std::int64_t taken() const {
        std::uint64_t bytes = 0;
        for (const auto& [path, text] : all()) bytes += in_blocks(text.size(), kBlock);
        return static_cast<std::int64_t>(bytes);
    }

    void note(std::int64_t beside) { peak = std::max(peak, taken() + beside - before_); }

    std::int64_t before_ = 0;
};

class Room : public testing::Test {
  protected:
    [[nodiscard]] Bindings bindings() {
        Bindings all = world_.bindings();
        all.files[{"files"}] = &files_;
        return all;
    }

    [[nodiscard]] std::vector<VolumeRoom> measure(const RealisedPlan& plan) {
        auto found = survey(plan, bindings(), world_.contents);
        EXPECT_TRUE(found);
        const auto rooms = measure_room(plan, *found);
        EXPECT_TRUE(rooms);
        return *rooms;
    }

    // Fails where the measure is not what applying takes, as far as directories are not counted.
    void expect_exact(const Version& version) {
        const RealisedPlan plan = world_.plan(version);
        const std::vector<VolumeRoom> rooms = measure(plan);
        ASSERT_EQ(rooms.size(), 1U);
        files_.begin();
        const ApplyOutcome outcome =
            apply(plan, bindings(), world_.contents, world_.progress, Trust::stamps);
        ASSERT_TRUE(outcome.result) << outcome.result.error().message();
        EXPECT_GE(rooms[0].needed, files_.peak);
        EXPECT_LE(rooms[0].needed, files_.peak + kSlack) << version.menu;
        EXPECT_GE(rooms[0].change, files_.change());
        EXPECT_LE(rooms[0].change, files_.change() + kSlack) << version.menu;
    }

    // Three new directories, and a block for what each and the one above grow by.
    static constexpr std::int64_t kSlack = 7L * kBlock;

    BootWorld world_;
    Counting files_{world_.contents, world_.faults};
};

TEST_F(Room, IsWhatApplyingTakes) {
    files_.free = FreeSpace{.bytes = 1U << 30U, .block_size = kBlock};
    const std::string large(100'000, 'k');
    expect_exact({.key = "k1", .menu = "first", .kernels = {"1" + large}});
    expect_exact({.key = "k1", .menu = "a new kernel", .kernels = {"1" + large, "2" + large}});
    expect_exact({.key = "k1", .menu = "an old one goes", .kernels = {"2" + large}});
    expect_exact({.key = "k2", .menu = "one for another", .kernels = {"3" + large}});
    std::string long_menu(50'000, 'm');
    expect_exact({.key = "k2", .menu = long_menu, .kernels = {"3" + large}});
    expect_exact({.key = "k2", .menu = "short", .kernels = {"3" + large}});
}

TEST_F(Room, OfARunThatWasCutCountsWhatIsWrittenAnew) {
    files_.free = FreeSpace{.bytes = 1U << 30U, .block_size = kBlock};
    const std::string large(100'000, 'k');
    const RealisedPlan plan =
        world_.plan({.key = "k1", .menu = "m", .kernels = {large, large + "2"}});
    const std::vector<VolumeRoom> rooms = measure(plan);
    files_.put("cordwainer/kernels/" + sha256(large).hex(), large.substr(0, 50'000));
    // On FAT the half of one is there until both are durable.
    EXPECT_GE(measure(plan)[0].needed, rooms[0].needed - kSlack);
    EXPECT_LE(measure(plan)[0].change, rooms[0].change - 50'000);
}

TEST_F(Room, OfNothingToDoIsNotAsked) {
    const RealisedPlan plan = world_.plan({.key = "k1", .menu = "m", .kernels = {"k"}});
    ASSERT_TRUE(apply(plan, bindings(), world_.contents, world_.progress).result);
    files_.free = FreeSpace{};
    world_.esp.free = FreeSpace{};
    EXPECT_TRUE(measure(plan).empty());
}

TEST_F(Room, DirectoriesTakeBlocksToo) {
    files_.free = FreeSpace{.bytes = 1U << 30U, .block_size = 65'536};
    const RealisedPlan plan = world_.plan({.key = "k1", .menu = "m", .kernels = {"kernel"}});
    // Of five files and an inventory each takes a block. There are three new directories, and
    // entries in them and in the one above.
    EXPECT_EQ(measure(plan)[0].change, (5 + 2 + 3 + 4) * 65'536);
}

// A FAT makes small directories large when something is made in them, so that they need not grow.
TEST_F(Room, WhatDirectoriesAreMadeLargerIsCounted) {
    files_.free = FreeSpace{.bytes = 1U << 30U, .block_size = kBlock};
    const auto needed = [&](const RealisedPlan& plan) { return measure(plan).at(0).needed; };
    const RealisedPlan first = world_.plan({.key = "k1", .menu = "m", .kernels = {"kernel"}});
    const std::uint64_t plain = needed(first);
    constexpr std::uint64_t kGrowth = 100 * kBlock;
    files_.growth = {{"", kGrowth},
                     {"cordwainer", kGrowth},
                     {"cordwainer/k1", kGrowth},
                     {"cordwainer/kernels", kGrowth},
                     {"others", kGrowth}};
    EXPECT_GE(needed(first), plain + 4 * (kGrowth - kBlock));
    EXPECT_LE(needed(first), plain + 4 * kGrowth);

    // What is there already and only replaced: our own alone, where the inventory is.
    ASSERT_TRUE(apply(first, bindings(), world_.contents, world_.progress).result);
    const RealisedPlan menu = world_.plan({.key = "k1", .menu = "n", .kernels = {"kernel"}});
    EXPECT_GE(needed(menu), kGrowth);
    EXPECT_LT(needed(menu), 2 * kGrowth);
    // That comes before what is removed, but for a run that only removes.
    files_.growth = {{"cordwainer", kGrowth}};
    RealisedPlan less = first;
    std::erase_if(less.steps, [](const RealisedStep& step) {
        const auto* stage = std::get_if<BasicStageFile<RealisedSource>>(&step);
        return stage && stage->path.text().starts_with("cordwainer/kernels/");
    });
    EXPECT_GE(needed(less), kGrowth);
    files_.put("cordwainer/kernels/large", std::string(2 * kGrowth, 'l'));
    auto loaded = load_inventory(files_, rel("cordwainer"));
    ASSERT_TRUE(loaded);
    loaded->inventory.files.emplace(
        rel("cordwainer/kernels/large"),
        OwnedFile{.digest = sha256(std::string(2 * kGrowth, 'l')), .size = 2 * kGrowth});
    ASSERT_TRUE(save_inventory(files_, rel("cordwainer"), loaded->inventory));
    EXPECT_EQ(needed(less), 0U) << "what is removed makes room before anything grows";
}

TEST_F(Room, EveryVolumeThatIsShortIsNamed) {
    RealisedPlan plan = world_.plan({.key = "k1", .menu = "m", .kernels = {"kernel"}});
    plan.targets[0].spec.path = "/boot/grub";
    plan.targets[1].spec.path = "/boot/efi";
    files_.free = FreeSpace{.bytes = 0, .block_size = 1U << 20U};
    world_.esp.free = FreeSpace{.bytes = 1U << 20U, .block_size = 1U << 20U};
    const auto checked = check_room(measure(plan));
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Errc::no_space);
    EXPECT_THAT(checked.error().message(),
                HasSubstr("target esp (/boot/efi) needs 8.0 MiB and has 1.0 MiB free: 7.0 MiB are "
                          "missing"));
    EXPECT_THAT(checked.error().message(), HasSubstr("target files (/boot/grub) needs 14.0 MiB"));
    EXPECT_THAT(checked.error().message(), HasSubstr(": 14.0 MiB are missing"));

    for (PlannedTarget& target : plan.targets) target.uuid = Uuid::parse("1C31-A17C");
    const std::vector<VolumeRoom> one = measure(plan);
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0].volume, "1C31-A17C");
    EXPECT_THAT(check_room(one).error().message(),
                HasSubstr("targets esp (/boot/efi) and files (/boot/grub) need"));
}

TEST_F(Room, ATenthOfAMebibyteIsTheLeastThatIsMissing) {
    EXPECT_EQ(mebibytes(0), "0.0 MiB");
    EXPECT_EQ(mebibytes(1), "0.1 MiB");
    EXPECT_EQ(mebibytes(1U << 20U), "1.0 MiB");
    EXPECT_EQ(mebibytes((1U << 20U) + 1), "1.1 MiB");
}

// Firmware with a list that may have the entry already.
class Firmware : public FirmwareEntries {
  public:
    Result<bool> has(const FirmwareEntry& /*entry*/) override {
        if (readable) return listed;
        return Error(Errc::io, "its variables are not mounted");
    }

    Result<void> check_writable() override { return {}; }

    Result<bool> ensure(const FirmwareEntry& /*entry*/) override { return false; }

    Result<bool> forget(const TargetId& /*target*/, const RelPath& /*path*/) override {
        return false;
    }

    bool readable = true;
    bool listed = false;
};

TEST_F(Room, CountsTheCopyThatIsMadeWithoutAnEntry) {
    world_.esp.free = FreeSpace{.bytes = 1U << 30U, .block_size = kBlock};
    world_.esp.erase("EFI/BOOT/BOOTX64.EFI");
    RealisedPlan plan = world_.plan({.key = "k1", .menu = "m", .kernels = {"kernel"}});
    plan.steps.emplace_back(FirmwareEntry{.target = {"esp"},
                                          .path = rel("EFI/cordwainer/grubx64.efi"),
                                          .title = "Guix",
                                          .fallback = rel("EFI/BOOT/BOOTX64.EFI")});
    Firmware firmware;
    const auto needed = [&] {
        Bindings all = bindings();
        all.firmware = &firmware;
        auto found = survey(plan, all, world_.contents);
        EXPECT_TRUE(found);
        const auto rooms = measure_room(plan, *found);
        return std::pair(rooms->at(0).needed, rooms->at(0).change);
    };
    constexpr std::int64_t kCopy = 1024;  // of a core of 1,000 bytes
    const auto without = needed();
    firmware.listed = true;
    const auto with = needed();
    EXPECT_GE(without.first, with.first + kCopy);
    EXPECT_GE(without.second, with.second + kCopy);
    firmware.readable = false;
    EXPECT_EQ(needed(), without);
    // A file of another system is never replaced.
    world_.esp.put("EFI/BOOT/BOOTX64.EFI", "a stranger's loader");
    EXPECT_EQ(needed(), with);
}

}  // namespace
}  // namespace cordwainer
