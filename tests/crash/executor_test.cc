// The executor's own promises where the power was cut at an operation, with everything, nothing or
// torn pieces of what was not settled on the medium: what is ours stays ours, what is settled stays
// settled, and strangers' files stay. That every state boots is power_cut_test.cc's.
#include "apply/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <tuple>

#include "tests/crash/share.h"
#include "tests/support/boot_world.h"

namespace cordwainer {
namespace {

using test::BootWorld;
using test::MemFiles;
using test::Version;
using ::testing::AnyOf;

const Version kOne{.key = "k1", .menu = "one", .kernels = {"kernel 1"}};
const Version kMenuOnly{.key = "k1", .menu = "two", .kernels = {"kernel 1", "kernel 2"}};
const Version kUpgrade{.key = "k2", .menu = "three", .kernels = {"kernel 2"}};

struct Change {
    Version from;
    Version to;
};

class ExecutorCut : public ::testing::TestWithParam<std::tuple<int, MemFiles::AfterCut>> {
  protected:
    [[nodiscard]] static Change change() {
        static const Change kChanges[] = {
            {kOne, kMenuOnly}, {kOne, kUpgrade}, {kMenuOnly, kUpgrade}, {kUpgrade, kOne}};
        return kChanges[std::get<0>(GetParam())];
    }

    [[nodiscard]] static MemFiles::AfterCut after() { return std::get<1>(GetParam()); }

    // Complete, and nothing left over: the same files as where no cut ever was.
    static void expect_complete(BootWorld& world, const Change& change) {
        EXPECT_EQ(world.boot_from_disk(), change.to.menu);
        EXPECT_EQ(world.boot_from_esp(), change.to.menu);
        BootWorld whole;
        ASSERT_TRUE(whole.apply(whole.plan(change.from)).result);
        ASSERT_TRUE(whole.apply(whole.plan(change.to)).result);
        EXPECT_EQ(without_inventories(world.files), without_inventories(whole.files));
        EXPECT_EQ(without_inventories(world.esp), without_inventories(whole.esp));
        EXPECT_FALSE(world.apply(world.plan(change.to)).changed);
    }

    static std::map<std::string, std::string> without_inventories(const MemFiles& files) {
        auto all = files.all();
        std::erase_if(all, [](const auto& file) {
            return file.first.find("/inventory.") != std::string::npos;
        });
        return all;
    }
};

// A fixed name is given up after two runs that were to change it were cut: whichever of the three
// contents it has, it is ours and goes.
TEST_P(ExecutorCut, AFixedNameIsStillOursAfterwards) {
    const Change change = ExecutorCut::change();
    const Version third{.key = "k3", .menu = "four", .kernels = {}};
    for (std::size_t first = 0;; ++first) {
        bool cut = false;
        for (std::size_t second = 0;; second += test::crash_step()) {
            BootWorld world;
            ASSERT_TRUE(world.apply(world.plan(change.from)).result);
            world.faults.restore();
            world.faults.cut_at = first;
            if (world.apply(world.plan(change.to)).result) break;
            cut = true;
            world.power_up(after());
            world.faults.cut_at = second;
            if (world.apply(world.plan(third)).result) break;
            world.power_up(after());
            SCOPED_TRACE("cut at " + std::to_string(first) + ", then at " + std::to_string(second));
            RealisedPlan without = world.plan(third);
            std::erase_if(without.steps, [](const RealisedStep& step) {
                const auto* replace = std::get_if<BasicReplaceFile<RealisedSource>>(&step);
                return replace && replace->path.text() == "grub.cfg";
            });
            const ApplyOutcome outcome = world.apply(without);
            ASSERT_TRUE(outcome.result);
            EXPECT_TRUE(outcome.warnings.empty());
            EXPECT_FALSE(world.files.text("grub.cfg"));
            if (HasFailure()) return;
        }
        if (!cut) break;
    }
}

// A target that only has staged files, all written by a process that was killed before it could
// settle them: whoever comes next settles them before it commits on another target.
TEST_P(ExecutorCut, WhatAKilledProcessStagedIsSettled) {
    for (std::size_t killed = 0;; ++killed) {
        BootWorld world;
        RealisedPlan plan = world.plan(kOne);
        std::erase_if(plan.steps, [](const RealisedStep& step) {
            return std::holds_alternative<BasicReplaceFile<RealisedSource>>(step);
        });
        world.faults.cut_at = killed;
        const bool ended = world.apply(plan).result.has_value();
        world.faults.restore();
        ASSERT_TRUE(world.apply(plan).result);
        const auto before = world.files.all();
        world.power_up(after());
        EXPECT_EQ(world.files.all(), before) << "killed at " << killed;
        if (ended || HasFailure()) break;
    }
}

TEST_P(ExecutorCut, AfterACompleteRunNothingIsLost) {
    const Change change = ExecutorCut::change();
    BootWorld world;
    ASSERT_TRUE(world.apply(world.plan(change.from)).result);
    ASSERT_TRUE(world.apply(world.plan(change.to)).result);
    world.power_up(after());
    expect_complete(world, change);
}

TEST_P(ExecutorCut, GoingBackAfterACutIsAsGoodAsNeverHavingGone) {
    const Change change = ExecutorCut::change();
    const Change back{.from = change.to, .to = change.from};
    for (std::size_t n = 0;; ++n) {
        BootWorld world;
        ASSERT_TRUE(world.apply(world.plan(change.from)).result);
        world.faults.restore();
        world.faults.cut_at = n;
        if (world.apply(world.plan(change.to)).result) break;
        SCOPED_TRACE("cut at operation " + std::to_string(n));
        world.power_up(after());
        ASSERT_TRUE(world.apply(world.plan(change.from)).result);
        expect_complete(world, back);
        if (HasFailure()) return;
    }
}

TEST_P(ExecutorCut, AFirstInstallationLeavesStrangersAlone) {
    for (std::size_t n = 0;; ++n) {
        BootWorld world;
        world.faults.cut_at = n;
        const RealisedPlan plan = world.plan(kOne);
        if (world.apply(plan).result) break;
        SCOPED_TRACE("cut at operation " + std::to_string(n));
        world.power_up(after());
        EXPECT_THAT(world.boot_from_disk(), AnyOf("no boot code", "one"));
        EXPECT_THAT(*world.files.text("grub.cfg"),
                    AnyOf("a stranger's menu", "configfile cordwainer/k1/grub.cfg"));
        EXPECT_EQ(world.files.text("vmlinuz"), "a stranger's kernel");
        ASSERT_TRUE(world.apply(plan).result);
        EXPECT_EQ(world.boot_from_disk(), "one");
        EXPECT_EQ(world.boot_from_esp(), "one");
        if (HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(All,
                         ExecutorCut,
                         ::testing::Combine(::testing::Range(0, 4),
                                            ::testing::Values(MemFiles::AfterCut::kept,
                                                              MemFiles::AfterCut::lost,
                                                              MemFiles::AfterCut::torn)));

}  // namespace
}  // namespace cordwainer
