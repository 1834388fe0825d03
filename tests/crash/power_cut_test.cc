// Plans of the real installers, run by the real executor on modelled media, and the power cut at
// every write: what a cut can leave boots the old menu or the new one, complete with every file
// that it names, before the next run and after it, also where that one is cut again.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tests/crash/cuts.h"
#include "tests/crash/known_plan.h"
#include "tests/crash/loaders.h"
#include "tests/crash/modelled_machine.h"
#include "tests/crash/share.h"
#include "tests/unit/bootloaders/grub/scenario.h"
#include "tests/unit/bootloaders/systemd_boot/scenario.h"

namespace cordwainer {
namespace {

using test::Cuts;
using test::FileSystemKind;
using test::KnownPlan;
using test::MediumState;
using test::MemFiles;
using test::ModelledMachine;

// What is installed in one moment.
struct Moment {
    std::vector<std::uint64_t> generations;
    std::uint64_t current = 0;
    bool upgraded = false;  // the loader's package

    friend void PrintTo(const Moment& moment, std::ostream* out) {
        for (const std::uint64_t each : moment.generations)
            *out << each << (each == moment.current ? "* " : " ");
        if (moment.upgraded) *out << "upgraded ";
    }
};

const Moment kTwo{.generations = {1, 2}, .current = 2};
const Moment kThree{.generations = {1, 2, 3}, .current = 3};
const Moment kOlder{.generations = {1, 2, 3}, .current = 1};
const Moment kFewer{.generations = {2, 3}, .current = 3};
const Moment kUpgraded{.generations = {1, 2, 3}, .current = 3, .upgraded = true};

// A loader on a kind of machine.
struct Setup {
    std::string name;
    std::function<Result<Plan>(const Moment&)> plan;
    FileSystemKind boot_volume = FileSystemKind::journalled;
    std::function<std::optional<std::string>(
        const ModelledMachine&, const MediumState&, const KnownPlan*, const KnownPlan&)>
        boot;

    friend void PrintTo(const Setup& setup, std::ostream* out) { *out << setup.name; }
};

Result<Plan> grub_plan(const Moment& moment, bool bios, bool uefi, bool in_place) {
    grub::testing::Scenario scenario;
    if (bios) scenario.add_gpt_disk();
    if (uefi) scenario.add_esp();
    if (!in_place) scenario.set("copy-kernels", grub::testing::flag(true));
    scenario.generations.clear();
    for (const std::uint64_t number : moment.generations) {
        scenario.generations.push_back(grub::testing::guix_generation(number));
        scenario.generations.back().current = number == moment.current;
    }
    if (moment.upgraded) {
        for (const char* platform : {"i386-pc", "x86_64-efi"}) {
            for (const char* file : {"kernel.img", "ext2.mod"}) {
                scenario.package.add(std::string("/usr/lib/grub/") + platform + "/" + file,
                                     "upgraded");
            }
        }
    }
    return scenario.plan();
}

Setup grub(
    std::string name, FileSystemKind boot_volume, bool bios, bool uefi, bool in_place = false) {
    return {.name = std::move(name),
            .plan = [=](const Moment& moment) { return grub_plan(moment, bios, uefi, in_place); },
            .boot_volume = boot_volume,
            .boot = test::boot_with_grub};
}

Setup systemd_boot(std::string name,
                   std::vector<std::string> esps,
                   std::vector<std::string> boots = {}) {
    const auto plan = [esps = std::move(esps), boots = std::move(boots)](const Moment& moment) {
        systemd_boot::testing::Scenario scenario(esps, boots);
        scenario.generations.clear();
        for (const std::uint64_t number : moment.generations)
            scenario.generations.push_back(systemd_boot::testing::generation(number));
        scenario.make_current(moment.current);
        if (moment.upgraded) {
            for (auto& [path, file] : scenario.package.files)
                file.source.digest = sha256(path + " upgraded");
        }
        return scenario.plan();
    };
    return {.name = std::move(name), .plan = plan, .boot = test::boot_with_systemd_boot};
}

std::vector<Setup> setups() {
    return {grub("grub_bios", FileSystemKind::journalled, true, false),
            grub("grub_bios_store_kernels", FileSystemKind::journalled, true, false, true),
            grub("grub_bios_fat", FileSystemKind::fat, true, false),
            grub("grub_uefi", FileSystemKind::journalled, false, true),
            grub("grub_bios_and_uefi", FileSystemKind::journalled, true, true),
            systemd_boot("systemd_boot", {"/boot/efi"}),
            systemd_boot("systemd_boot_two_esps", {"/boot/efi", "/boot/efi2"}),
            systemd_boot("systemd_boot_boot_partition", {"/boot/efi"}, {"/boot"})};
}

// What was installed one after the other; the last is the one that is cut.
using History = std::vector<Moment>;

std::vector<History> histories() {
    std::vector<History> all{{kTwo}};
    for (const auto& [from, to] : std::vector<std::pair<Moment, Moment>>{
             {kTwo, kThree}, {kThree, kOlder}, {kThree, kFewer}, {kThree, kUpgraded}}) {
        all.push_back({from, to});
        all.push_back({from, to, from});  // and back
    }
    return all;
}

struct Tally {
    std::size_t states = 0;     // different ones, each judged
    std::size_t recovered = 0;  // on which the next run was run
    std::size_t shared = 0;     // of these, where two names share a chain of clusters on FAT
    std::size_t wrong = 0;
    std::string first_wrong;
};

Tally total;

// Cuts one run everywhere, and the runs after it.
class Explorer {
  public:
    Explorer(const Setup& setup, const History& history)
        : setup_(setup), machine_(plan_of(setup, history.back()), setup.boot_volume) {
        test::KnownPlanMaker maker(machine_.contents);
        for (const Moment& moment : history) known_.push_back(maker.make(*setup.plan(moment)));
    }

    Tally explore(MemFiles::Flaw flaw = MemFiles::Flaw::none) {
        for (std::size_t i = 0; i + 1 < known_.size(); ++i) {
            if (!apply(known_[i])) return tally_;
            machine_.rest();
        }
        machine_.set_flaw(flaw);
        if (flaw != MemFiles::Flaw::none) {
            recovers_ = false;
            every_ = 1;
        }
        if (apply(new_plan())) cut(0);
        return tally_;
    }

    // A process is killed at each operation, its work stays in the cache, and the next run is cut.
    Tally explore_killed(std::size_t operation, bool& ended) {
        for (std::size_t i = 0; i + 1 < known_.size(); ++i) {
            if (!apply(known_[i])) return tally_;
            machine_.rest();
        }
        machine_.faults.cut_at = machine_.faults.operations + operation;
        ended = machine_.apply(new_plan().plan).result.has_value();
        machine_.faults.restore();
        recovers_ = false;
        if (apply(new_plan())) cut(1);
        return tally_;
    }

  private:
    static RealisedPlan plan_of(const Setup& setup, const Moment& moment) {
        test::MemContents contents;
        return test::KnownPlanMaker(contents).make(*setup.plan(moment)).plan;
    }

    [[nodiscard]] const KnownPlan& new_plan() const { return known_.back(); }

    [[nodiscard]] const KnownPlan* old_plan() const {
        return known_.size() < 2 ? nullptr : &known_[known_.size() - 2];
    }

    void note(const std::string& wrong) {
        ++tally_.wrong;
        if (tally_.first_wrong.empty()) tally_.first_wrong = wrong;
    }

    bool apply(const KnownPlan& known) {
        const ApplyOutcome outcome = machine_.apply(known.plan);
        if (std::ranges::any_of(outcome.warnings, [](const std::string& warning) {
                return warning.find("shares its clusters") != std::string::npos;
            }))
            ++tally_.shared;
        if (!outcome.result) note("the run fails: " + outcome.result.error().message());
        return outcome.result.has_value();
    }

    void judge(const MediumState& state, const char* when) {
        if (auto wrong = setup_.boot(machine_, state, old_plan(), new_plan()))
            note(std::string(when) + ": " + *wrong);
    }

    // Every state that a cut of what the machine has just done can leave. `depth`: how many cuts
    // came before.
    void cut(std::size_t depth) {
        static constexpr std::size_t kReorderings[] = {100, 10, 2};
        static constexpr std::size_t kRecoverEvery[] = {4, 97, 0};
        Cuts cuts(machine_.medium(), kReorderings[depth], every_, random_);
        cuts.each([&](const MediumState& seen, const std::function<MediumState()>& mounted) {
            if (!seen_.insert(hash(seen)).second) return;
            ++tally_.states;
            judge(seen, depth == 0 ? "after a cut" : "after a second cut");
            if (shares_clusters(seen)) judge(separated(seen), "after fsck.fat");
            const std::size_t every = kRecoverEvery[depth];
            if (!recovers_ || every == 0) return;
            if (tally_.states % every == 0 || (depth == 0 && shares_clusters(seen)))
                recover(mounted(), depth);
        });
    }

    // Whether two names of a FAT lead to one chain, as in the middle of an exchange.
    [[nodiscard]] bool shares_clusters(const MediumState& state) const {
        for (const auto& [target, files] : machine_.files()) {
            test::ModelFileSystem& fat = files->file_system();
            if (fat.kind() != FileSystemKind::fat) continue;
            std::unordered_set<std::uint32_t> firsts;
            for (const std::string& path : fat.all(state)) {
                const auto found = fat.find(state, path);
                if (found && found->size != 0 && !firsts.insert(found->identity).second)
                    return true;
            }
        }
        return false;
    }

    // What systems do with it when they start.
    [[nodiscard]] MediumState separated(MediumState state) const {
        for (const auto& [target, files] : machine_.files()) {
            test::ModelFileSystem& fat = files->file_system();
            if (fat.kind() == FileSystemKind::fat) state = fat.separated(std::move(state));
        }
        return state;
    }

    void recover(MediumState state, std::size_t depth) {
        ++tally_.recovered;
        machine_.power_up(std::move(state));
        judge(machine_.medium().cache(), "after the next mount");
        if (!apply(new_plan())) return;
        if (depth == 0 && tally_.recovered % 8 == 0) {
            cut(depth + 1);
            return;
        }
        machine_.rest();
        complete("after recovery");
        machine_.write_one_more();
        complete("after one more file");
    }

    // Nothing left over and nothing missing. What shares its clusters after a cut exchange on FAT
    // may have to stay.
    void complete(const char* when) {
        judge(machine_.medium().cache(), when);
        for (const auto& [target, files] : machine_.files()) {
            auto found = files->all();
            std::erase_if(found, [&](const auto& file) {
                const std::string& path = file.first;
                return path.find("/inventory.") != std::string::npos ||
                       path == ModelledMachine::kStranger || path == "one/more" ||
                       (path.find("CORDWAIN.X") != std::string::npos &&
                        files->file_system().kind() == FileSystemKind::fat);
            });
            if (found != new_plan().files.at(target)) note(std::string(when) + ": other files");
        }
    }

    static std::size_t hash(const MediumState& state) {
        std::size_t end = state.size();
        while (end != 0 && state[end - 1] == 0) --end;
        return std::hash<std::string_view>{}(
            {reinterpret_cast<const char*>(state.data()), end * sizeof(state[0])});
    }

    const Setup& setup_;
    ModelledMachine machine_;
    std::vector<KnownPlan> known_;
    Tally tally_;
    bool recovers_ = true;
    std::size_t every_ = test::crash_share();  // state is judged
    std::unordered_set<std::size_t> seen_;
    Cuts::Random random_{1};
};

void count(const Tally& tally) {
    total.states += tally.states;
    total.recovered += tally.recovered;
    total.shared += tally.shared;
    total.wrong += tally.wrong;
}

class PowerCut : public ::testing::TestWithParam<Setup> {};

TEST_P(PowerCut, OldOrNewMenuWithAllItsFiles) {
    for (const History& history : histories()) {
        SCOPED_TRACE(::testing::PrintToString(history));
        const Tally tally = Explorer(GetParam(), history).explore();
        EXPECT_EQ(tally.wrong, 0U) << tally.first_wrong;
        EXPECT_GT(tally.states, 20 / test::crash_share());
        count(tally);
    }
}

TEST_P(PowerCut, AlsoAfterAProcessThatWasKilled) {
    for (const History& history : {History{kTwo, kThree}, History{kThree, kUpgraded}}) {
        bool ended = false;
        for (std::size_t operation = 0; !ended; operation += test::crash_step()) {
            SCOPED_TRACE("killed at operation " + std::to_string(operation));
            const Tally tally = Explorer(GetParam(), history).explore_killed(operation, ended);
            EXPECT_EQ(tally.wrong, 0U) << tally.first_wrong;
            count(tally);
        }
    }
}

// The readers above would find it.
TEST_P(PowerCut, IsSeenWhereAFileIsRenamedOver) {
    const Tally tally =
        Explorer(GetParam(), {kThree, kOlder, kThree}).explore(MemFiles::Flaw::renames_over);
    EXPECT_GT(tally.wrong, 0U);
}

TEST_P(PowerCut, IsSeenWhereNothingIsSettled) {
    const Tally tally =
        Explorer(GetParam(), {kTwo, kThree}).explore(MemFiles::Flaw::skips_settling);
    EXPECT_GT(tally.wrong, 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, PowerCut, ::testing::ValuesIn(setups()), [](const auto& made) {
    return made.param.name;
});

// Prints how many states were judged, and that they were enough where nothing was left out.
class Summary : public ::testing::Environment {
  public:
    void TearDown() override {
        std::printf(
            "power cuts: %zu different states judged, the next run made on %zu (%zu of them with "
            "shared clusters), %zu wrong\n",
            total.states,
            total.recovered,
            total.shared,
            total.wrong);
        if (test::crash_share() == 1 && ::testing::GTEST_FLAG(filter) == "*") {
            EXPECT_GE(total.states, 100'000U);
        }
    }
};

const auto* const kSummary = ::testing::AddGlobalTestEnvironment(new Summary);

}  // namespace
}  // namespace cordwainer
