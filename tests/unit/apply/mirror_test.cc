// One of several like targets that fails in the middle of a run. What may go wrong: the others are
// left half done; what the failing one's old menu leads to is removed elsewhere; it is forgotten
// and never completed; a target that everything needs is given up like one of several.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <initializer_list>
#include <sstream>

#include "apply/executor.h"
#include "apply/inventory.h"
#include "tests/support/boot_world.h"

namespace cordwainer {
namespace {

using test::BootWorld;
using test::MemDisk;
using test::MemFiles;
using test::rel;
using test::Version;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Everything fails from some operation on, which is what a dying disk does.
class Health {
  public:
    // Counts an operation; the error where it fails.
    Result<void> next() {
        if (count++ < fails_at) return {};
        return system_error(EIO, "use the disk");
    }

    std::size_t count = 0;
    std::size_t fails_at = SIZE_MAX;
};

class DyingFiles : public MemFiles {
  public:
    using MemFiles::MemFiles;

    Result<std::optional<FileState>> look(const RelPath& path) override {
        TRY_VOID(health.next());
        return MemFiles::look(path);
    }

    Result<std::optional<Bytes>> read(const RelPath& path) override {
        TRY_VOID(health.next());
        return MemFiles::read(path);
    }

    Result<void> write(const RelPath& path, ByteView bytes) override {
        TRY_VOID(health.next());
        return MemFiles::write(path, bytes);
    }

    Result<void> stage(const RelPath& path,
                       const std::filesystem::path& from,
                       const Digest& digest) override {
        TRY_VOID(health.next());
        return MemFiles::stage(path, from, digest);
    }

    Result<void> replace(const RelPath& path,
                         const std::filesystem::path& from,
                         const Digest& digest) override {
        TRY_VOID(health.next());
        return MemFiles::replace(path, from, digest);
    }

    Result<void> remove(const RelPath& path) override {
        TRY_VOID(health.next());
        return MemFiles::remove(path);
    }

    Result<void> settle() override {
        TRY_VOID(health.next());
        return MemFiles::settle();
    }

    Result<std::optional<FreeSpace>> free_space() override {
        TRY_VOID(health.next());
        return MemFiles::free_space();
    }

    Health health;
};

class DyingDisk : public MemDisk {
  public:
    using MemDisk::MemDisk;

    Result<Bytes> read(std::uint64_t offset, std::size_t count) override {
        TRY_VOID(health.next());
        return MemDisk::read(offset, count);
    }

    Result<void> write(std::uint64_t offset, ByteView data) override {
        TRY_VOID(health.next());
        return MemDisk::write(offset, data);
    }

    Result<void> write_boot_sector(ByteView sector) override {
        TRY_VOID(health.next());
        return MemDisk::write_boot_sector(sector);
    }

    Health health;
};

const Version kOld{.key = "k1", .menu = "old", .kernels = {"kernel 1"}};
const Version kNew{.key = "k2", .menu = "new", .kernels = {"kernel 2"}};

// A boot world with a second EFI system partition and a second disk.
class Mirrors : public testing::Test {
  protected:
    [[nodiscard]] RealisedPlan plan(const Version& version) {
        RealisedPlan plan = world_.plan(version);
        for (PlannedTarget& target : plan.targets) target.spec.tag = target.id.text;
        const std::vector<RealisedStep> steps = plan.steps;
        for (RealisedStep step : steps) {
            const std::string& target = target_of(step).text;
            if (target == "files") continue;
            std::visit([&](auto& each) { each.target.text = target + ".2"; }, step);
            plan.steps.push_back(std::move(step));
        }
        for (const std::size_t i : {1U, 2U}) {
            plan.targets.push_back(plan.targets[i]);
            plan.targets.back().id.text += ".2";
        }
        return plan;
    }

    [[nodiscard]] Bindings bindings() {
        Bindings all = world_.bindings();
        all.files[{"files"}] = &files_;
        all.files[{"esp"}] = &esp_;
        all.files[{"esp.2"}] = &esp2_;
        all.blocks[{"disk.2"}] = &disk2_;
        all.give_up_failing = true;
        return all;
    }

    ApplyOutcome install(const Version& version) {
        return apply(plan(version), bindings(), world_.contents, world_.progress);
    }

    // What each of the four boots.
    [[nodiscard]] std::vector<std::string> boots() {
        std::vector<std::string> menus;
        for (const MemFiles* esp : {&esp_, &esp2_}) {
            menus.push_back(boot(esp->text("EFI/cordwainer/grubx64.efi").value_or("")));
        }
        for (const MemDisk* disk : std::initializer_list<MemDisk*>{&world_.disk, &disk2_}) {
            const auto lba = le64_at(disk->bytes, BootWorld::kPointer);
            const auto core = slice(disk->bytes, lba.value_or(0) * 512, BootWorld::kCoreSize);
            menus.push_back(core ? boot(to_text(*core)) : "nothing");
        }
        return menus;
    }

    // As boot_world.h, from a core image to the last file that its menu names.
    [[nodiscard]] std::string boot(const std::string& core) const {
        if (!core.starts_with("core ")) return "no core image";
        const std::string directory = core.substr(5, core.find('\n') - 5);
        const auto menu = files_.text(directory + "/grub.cfg");
        if (!menu) return "no menu in " + directory;
        std::istringstream lines(*menu);
        std::string name;
        std::string path;
        std::string digest;
        std::getline(lines, name);
        while (lines >> path >> digest) {
            if (sha256(files_.text(path).value_or("")).hex() != digest) return path + " is lost";
        }
        return name;
    }

    // The old version is everywhere; then `dies` does so at each operation of the run in turn, and
    // is healthy for the next one.
    void dies_at_each(Health& dies, const std::string& id) {
        bool died = true;
        for (std::size_t at = 0; died; ++at) {
            dies = {};
            ASSERT_TRUE(install(kOld).result);
            ASSERT_THAT(boots(), ElementsAre("old", "old", "old", "old"));
            dies = {.count = 0, .fails_at = at};
            const ApplyOutcome outcome = install(kNew);
            died = dies.count > at;
            dies = {};
            ASSERT_TRUE(outcome.result) << at << ": " << outcome.result.error().message();
            const std::vector<std::string> menus = boots();
            EXPECT_EQ(std::ranges::count(menus, "new") + std::ranges::count(menus, "old"), 4)
                << at << ": " << testing::PrintToString(menus);
            EXPECT_GE(std::ranges::count(menus, "new"), 3) << at;
            if (!died) {
                EXPECT_THAT(outcome.failed, IsEmpty());
                EXPECT_EQ(std::ranges::count(menus, "new"), 4);
                break;
            }
            ASSERT_EQ(outcome.failed.size(), 1U) << at;
            EXPECT_EQ(outcome.failed[0].id.text, id);
            EXPECT_THAT(outcome.failed[0].why, HasSubstr("Input/output error"));
            EXPECT_THAT(outcome.warnings,
                        testing::Contains(HasSubstr("target " + id + " failed and is left")));

            const ApplyOutcome next = install(kNew);
            ASSERT_TRUE(next.result) << at << ": " << next.result.error().message();
            EXPECT_TRUE(next.failed.empty());
            EXPECT_THAT(boots(), ElementsAre("new", "new", "new", "new")) << at;
            EXPECT_EQ(files_.text("cordwainer/k1/grub.cfg"), std::nullopt) << "left for ever";
            EXPECT_FALSE(install(kNew).changed) << at;
        }
    }

    BootWorld world_;
    DyingFiles files_{world_.contents, world_.faults};
    DyingFiles esp_{world_.contents, world_.faults};
    DyingFiles esp2_{world_.contents, world_.faults};
    DyingDisk disk2_{64, world_.faults};
};

TEST_F(Mirrors, TheFirstFilesDie) {
    dies_at_each(esp_.health, "esp");
}

TEST_F(Mirrors, TheSecondFilesDie) {
    dies_at_each(esp2_.health, "esp.2");
}

TEST_F(Mirrors, ADiskDies) {
    dies_at_each(disk2_.health, "disk.2");
}

// One that fails before anything can be asked of it.
TEST_F(Mirrors, OneThatCannotBeOpenedIsGivenUp) {
    for (const std::string id : {"esp.2", "disk.2"}) {
        ASSERT_TRUE(install(kOld).result);
        Bindings all = bindings();
        all.files.erase({id});
        all.blocks.erase({id});
        all.failing.emplace(TargetId{id}, system_error(EIO, "open it"));
        const ApplyOutcome outcome = apply(plan(kNew), all, world_.contents, world_.progress);
        ASSERT_TRUE(outcome.result) << id << ": " << outcome.result.error().message();
        ASSERT_EQ(outcome.failed.size(), 1U) << id;
        EXPECT_EQ(outcome.failed[0].id.text, id);
        EXPECT_THAT(outcome.warnings,
                    testing::Contains(HasSubstr("target " + id + " failed and is left")));
        const std::vector<std::string> menus = boots();
        EXPECT_EQ(std::ranges::count(menus, "new"), 3) << id;
        EXPECT_EQ(menus[id == "esp.2" ? 1 : 3], "old") << "with all that it leads to";
        ASSERT_TRUE(install(kNew).result);
        EXPECT_THAT(boots(), testing::Each("new")) << id;
    }
}

TEST_F(Mirrors, TheVolumeOfTheMenuThatCannotBeOpenedEndsTheRunBeforeItsFirstByte) {
    ASSERT_TRUE(install(kOld).result);
    Bindings all = bindings();
    all.files.erase({"files"});
    all.failing.emplace(TargetId{"files"}, system_error(EIO, "open it"));
    const ApplyOutcome outcome = apply(plan(kNew), all, world_.contents, world_.progress);
    ASSERT_FALSE(outcome.result);
    EXPECT_THAT(outcome.result.error().message(), HasSubstr("open it: Input/output error"));
    EXPECT_FALSE(outcome.changed);
}

// Nothing of the old version is removed where the failing one leads to it.
TEST_F(Mirrors, WhatTheFailingOneNeedsStays) {
    ASSERT_TRUE(install(kOld).result);
    disk2_.health = {.count = 0, .fails_at = 1};
    ASSERT_TRUE(install(kNew).result);
    EXPECT_THAT(boots(), ElementsAre("new", "new", "new", "old"));
    const auto loaded = load_inventory(files_, rel("cordwainer"));
    ASSERT_TRUE(loaded);
    EXPECT_TRUE(loaded->inventory.files.contains(rel("cordwainer/k1/grub.cfg"))) << "not owned";
    EXPECT_EQ(loaded->inventory.references.size(), 2U) << "the old menu may still be read";
}

TEST_F(Mirrors, TheVolumeOfTheMenuEndsTheRun) {
    std::size_t at = 0;
    for (; at < 1000; ++at) {
        files_.health = {};
        ASSERT_TRUE(install(kOld).result);
        files_.health = {.count = 0, .fails_at = at};
        const ApplyOutcome outcome = install(kNew);
        if (files_.health.count <= at) break;
        ASSERT_FALSE(outcome.result) << at;
        EXPECT_THAT(outcome.result.error().message(), HasSubstr("Input/output error"));
        EXPECT_THAT(outcome.failed, IsEmpty());
        EXPECT_THAT(boots(), testing::Each(testing::AnyOf("old", "new"))) << at;
    }
    EXPECT_GT(at, 10U);
}

TEST_F(Mirrors, TheLastOfItsKindEndsTheRun) {
    ASSERT_TRUE(install(kOld).result);
    esp_.health = {.count = 0, .fails_at = 6};
    esp2_.health = {.count = 0, .fails_at = 6};
    const ApplyOutcome outcome = install(kNew);
    ASSERT_FALSE(outcome.result);
    ASSERT_EQ(outcome.failed.size(), 1U);
    EXPECT_THAT(boots(), testing::Not(testing::Contains("no menu in cordwainer/k1")));
}

TEST_F(Mirrors, NoneIsGivenUpWhereThatIsNotAsked) {
    ASSERT_TRUE(install(kOld).result);
    esp2_.health = {.count = 0, .fails_at = 6};
    Bindings all = bindings();
    all.give_up_failing = false;
    EXPECT_FALSE(apply(plan(kNew), all, world_.contents, world_.progress).result);
}

// Bytes that are nowhere are so for every target.
TEST_F(Mirrors, AMissingSourceEndsTheRunBeforeItsFirstByte) {
    ASSERT_TRUE(install(kOld).result);
    const RealisedPlan next = plan(kNew);
    for (const RealisedStep& step : next.steps) {
        const auto* core = std::get_if<BasicReplaceFile<RealisedSource>>(&step);
        if (core && core->target.text == "esp.2") {
            world_.contents.forget(std::get<ObjectRef>(core->source));
        }
    }
    const ApplyOutcome outcome = apply(next, bindings(), world_.contents, world_.progress);
    ASSERT_FALSE(outcome.result);
    EXPECT_FALSE(outcome.changed);
    EXPECT_THAT(outcome.failed, IsEmpty());
}

TEST_F(Mirrors, ASignalEndsTheRun) {
    class Stopped : public MemFiles {
      public:
        using MemFiles::MemFiles;

        Result<void> settle() override { return system_error(EINTR, "stopped by a signal"); }
    };

    ASSERT_TRUE(install(kOld).result);
    Stopped stopped(world_.contents, world_.faults);
    Bindings all = bindings();
    all.files[{"esp.2"}] = &stopped;
    const ApplyOutcome outcome = apply(plan(kNew), all, world_.contents, world_.progress);
    ASSERT_FALSE(outcome.result);
    EXPECT_THAT(outcome.failed, IsEmpty());
}

// A target that is only to be cleared.
TEST_F(Mirrors, OneWithoutStepsIsGivenUp) {
    ASSERT_TRUE(install(kOld).result);
    RealisedPlan next = plan(kNew);
    std::erase_if(next.steps,
                  [](const RealisedStep& step) { return target_of(step).text == "esp.2"; });
    next.targets[3].spec.tag = "former";
    esp2_.health = {.count = 0, .fails_at = 3};
    const ApplyOutcome outcome = apply(next, bindings(), world_.contents, world_.progress);
    ASSERT_TRUE(outcome.result) << outcome.result.error().message();
    ASSERT_EQ(outcome.failed.size(), 1U);
    EXPECT_EQ(outcome.failed[0].id.text, "esp.2");
    EXPECT_EQ(boots()[0], "new");
    EXPECT_NE(boots()[1], "no menu in cordwainer/k1") << "what it leads to is removed";
}

}  // namespace
}  // namespace cordwainer
