#include "cli/plan_changes.h"

#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "cli/plan_changes_text.h"
#include "tests/support/boot_world.h"

namespace cordwainer::cli {
namespace {

using test::BootWorld;
using test::rel;

std::vector<std::string> paths(const std::vector<WrittenFile>& files) {
    std::vector<std::string> texts;
    for (const WrittenFile& file : files) texts.push_back(file.path.text());
    return texts;
}

Generation generation(std::uint64_t number, bool current) {
    Generation made;
    made.number = number;
    made.identity = "system " + std::to_string(number);
    made.parameters.label = "Linux, try " + std::to_string(number);
    made.current = current;
    return made;
}

// A machine with what BootWorld installs, and plans as planners make them: objects stand for files
// of a package, texts for menus.
class PlanChangesTest : public ::testing::Test {
  protected:
    // The plan of a realised one: its objects are known.
    static Plan plan_of(const RealisedPlan& realised) {
        Plan plan;
        plan.bootloader = realised.bootloader;
        plan.targets = realised.targets;
        plan.references = realised.references;
        for (const RealisedStep& step : realised.steps) {
            if (const auto* stage = std::get_if<BasicStageFile<RealisedSource>>(&step)) {
                plan.steps.emplace_back(
                    StageFile{stage->target, stage->path, std::get<ObjectRef>(stage->source)});
            } else if (const auto* replace = std::get_if<BasicReplaceFile<RealisedSource>>(&step)) {
                plan.steps.emplace_back(ReplaceFile{
                    replace->target, replace->path, std::get<ObjectRef>(replace->source)});
            } else if (const auto* boot = std::get_if<BasicSwitchBootCode<RealisedSource>>(&step)) {
                SwitchBootCode made{.target = boot->target,
                                    .boot_code = std::get<ObjectRef>(boot->boot_code),
                                    .keep = {{440, 72}},
                                    .pointer_offset = boot->pointer_offset,
                                    .slots = {}};
                for (const auto& slot : boot->slots)
                    made.slots.push_back({slot.range, std::get<ObjectRef>(slot.image)});
                plan.steps.emplace_back(std::move(made));
            }
        }
        return plan;
    }

    PlanChanges compare(const Plan& plan) { return compare(plan, world_.bindings()); }

    PlanChanges compare(const Plan& plan, const Bindings& bindings) {
        world_.faults.restore();
        world_.files.contents_read = 0;
        const auto changes = compare_plan(
            {.plan = plan,
             .former = former_,
             .generations = generations_,
             .installed = installed_,
             .made_by = [&](const Digest& key) -> Result<std::optional<ObjectRef>> {
                 const auto made = made_.find(key);
                 return made == made_.end() ? std::nullopt : std::optional(made->second);
             }},
            bindings,
            world_.contents);
        EXPECT_TRUE(changes) << changes.error().message();
        EXPECT_EQ(world_.faults.operations, 0U) << "nothing is written";
        EXPECT_EQ(world_.files.contents_read, 0) << "no installed file is read";
        return changes ? *changes : PlanChanges{};
    }

    void install(const test::Version& version) {
        ASSERT_TRUE(world_.apply(world_.plan(version)).result);
    }

    BootWorld world_;
    Generations generations_;
    std::optional<Installed> installed_;
    std::vector<PlannedTarget> former_;
    std::map<Digest, ObjectRef> made_;
};

const test::Version kOne{.key = "k1", .menu = "one", .kernels = {"kernel 1"}};
const test::Version kTwo{.key = "k1", .menu = "two", .kernels = {"kernel 1", "kernel 2"}};
const test::Version kUpgrade{.key = "k2", .menu = "three", .kernels = {"kernel 2"}};

TEST_F(PlanChangesTest, NothingToDoIsOneLine) {
    install(kOne);
    const PlanChanges changes = compare(plan_of(world_.plan(kOne)));
    EXPECT_FALSE(changes.any());
    EXPECT_EQ(render_changes(changes), "nothing to do: everything is installed as planned\n");
}

TEST_F(PlanChangesTest, ANewGeneration) {
    install(kOne);
    generations_.list = {generation(1, false), generation(2, true)};
    installed_ = Installed{.bootloader = "grub",
                           .boots = GenerationId{1, "system 1"},
                           .generations = {{1, "system 1"}, {9, "system 9"}}};
    Plan plan = plan_of(world_.plan(kTwo));
    plan.generation = 2;
    PlanChanges changes = compare(plan);
    ASSERT_EQ(changes.targets.size(), 3U);
    const TargetChanges& files = changes.targets[0];
    EXPECT_EQ(paths(files.written),
              (std::vector<std::string>{"cordwainer/kernels/" + sha256("kernel 2").hex(),
                                        "cordwainer/k1/grub.cfg"}));
    EXPECT_EQ(files.written[0].size, 8U);
    EXPECT_EQ(files.written[0].over, WrittenFile::Over::nothing);
    EXPECT_EQ(files.written[1].over, WrittenFile::Over::ours);
    EXPECT_EQ(files.kept, 4U);
    EXPECT_FALSE(changes.targets[1].any());
    EXPECT_FALSE(changes.targets[2].any());
    ASSERT_EQ(changes.menu.added.size(), 1U);
    EXPECT_EQ(changes.menu.added[0].label, "Linux, try 2");
    ASSERT_EQ(changes.menu.gone.size(), 1U);
    EXPECT_EQ(changes.menu.gone[0].id.number, 9U);
    EXPECT_EQ(changes.menu.kept, 1U);
    const std::string text = render_changes(changes);
    EXPECT_NE(text.find("Menu: 1 generation added, 1 gone, 1 kept\n"
                        "  + 2  Linux, try 2\n"
                        "  - 9\n"
                        "  by default: 1 → 2\n"),
              std::string::npos)
        << text;

    plan.other_default = OtherDefault{.generation = 1};
    changes = compare(plan);
    EXPECT_EQ(changes.menu.default_after, (GenerationId{1, "system 1"}));
}

TEST_F(PlanChangesTest, AnUpgradeSwitchesBootCode) {
    install(kOne);
    const PlanChanges changes = compare(plan_of(world_.plan(kUpgrade)));
    EXPECT_EQ(changes.targets[0].removed.size(), 4U) << "modules, menu and a kernel";
    EXPECT_EQ(paths(changes.targets[1].written),
              (std::vector<std::string>{"EFI/cordwainer/grubx64.efi"}));
    ASSERT_TRUE(changes.targets[2].boot_code);
    EXPECT_EQ(changes.targets[2].boot_code->first_lba, 10U) << "the slot that is not in use";
    EXPECT_NE(render_changes(changes).find("switch   boot code: a core image into LBA 10 to 17"),
              std::string::npos);
}

// A firmware that is only asked.
class AskedFirmware : public FirmwareEntries {
  public:
    Result<bool> has(const FirmwareEntry& /*entry*/) override { return answer; }

    Result<void> check_writable() override { return writable; }

    Result<bool> ensure(const FirmwareEntry& /*entry*/) override { return written(); }

    Result<bool> forget(const TargetId& /*target*/, const RelPath& /*path*/) override {
        return written();
    }

    Result<bool> answer = false;
    Result<void> writable = {};

  private:
    static bool written() {
        ADD_FAILURE() << "the firmware's list is not to be changed";
        return false;
    }
};

// A plan with an entry for the ESP's program, as `removable = false` makes it.
class PlanChangesOfEntries : public PlanChangesTest {
  protected:
    static FirmwareEntry entry() {
        return {.target = {"esp"},
                .path = rel("EFI/cordwainer/grubx64.efi"),
                .title = "Linux",
                .fallback = rel("EFI/BOOT/BOOTX64.EFI")};
    }

    PlanChanges look(const test::Version& version = kOne) {
        Plan plan = plan_of(world_.plan(version));
        plan.steps.emplace_back(entry());
        Bindings bindings = world_.bindings();
        bindings.firmware = &firmware_;
        return compare(plan, bindings);
    }

    // Installs where the firmware takes no entry.
    void install_copy() {
        class Full : public AskedFirmware {
          public:
            Result<bool> ensure(const FirmwareEntry& /*entry*/) override {
                return Error(Errc::no_space, "it is full");
            }
        } full;

        world_.esp.erase("EFI/BOOT/BOOTX64.EFI");
        RealisedPlan plan = world_.plan(kOne);
        plan.steps.emplace_back(entry());
        Bindings bindings = world_.bindings();
        bindings.firmware = &full;
        ASSERT_TRUE(apply(plan, bindings, world_.contents, world_.progress).result);
        ASSERT_TRUE(world_.esp.text("EFI/BOOT/BOOTX64.EFI"));
    }

    AskedFirmware firmware_;
};

TEST_F(PlanChangesOfEntries, OneIsMadeWhereTheListHasNone) {
    const auto entries = [&] {
        const PlanChanges changes = look();
        EXPECT_EQ(render_changes(changes).find("firmware entry \"Linux\"") != std::string::npos,
                  !changes.targets[1].entries.empty());
        return changes.targets[1].entries.size();
    };
    EXPECT_EQ(entries(), 1U);
    firmware_.answer = true;
    EXPECT_EQ(entries(), 0U);
    install(kOne);
    EXPECT_EQ(entries(), 0U);
    firmware_.answer = false;
    EXPECT_EQ(entries(), 1U) << "somebody has removed it";
}

TEST_F(PlanChangesOfEntries, WhereNoneCanBeMadeTheCopyIsPlanned) {
    world_.esp.erase("EFI/BOOT/BOOTX64.EFI");
    const auto expect_copy = [&] {
        const PlanChanges changes = look();
        EXPECT_TRUE(changes.targets[1].entries.empty());
        EXPECT_EQ(paths(changes.targets[1].written),
                  (std::vector<std::string>{"EFI/cordwainer/grubx64.efi", "EFI/BOOT/BOOTX64.EFI"}));
        ASSERT_EQ(changes.warnings.size(), 1U);
        EXPECT_THAT(changes.warnings[0],
                    testing::AllOf(testing::HasSubstr("since no variables"),
                                   testing::HasSubstr("is put at EFI/BOOT/BOOTX64.EFI")));
    };
    firmware_.writable = Error(Errc::refused, "no variables are writable");
    expect_copy();
    firmware_.answer = Error(Errc::not_found, "no variables");
    expect_copy();
    // What install then finds to do: nothing.
    install_copy();
    const PlanChanges changes = look();
    EXPECT_FALSE(changes.any());
    EXPECT_EQ(changes.warnings.size(), 1U);
    EXPECT_THAT(render_changes(changes), testing::StartsWith("nothing to do"));
    EXPECT_EQ(paths(look(kUpgrade).targets[1].written),
              (std::vector<std::string>{"EFI/cordwainer/grubx64.efi", "EFI/BOOT/BOOTX64.EFI"}));
}

// Firmware without room is not seen before.
TEST_F(PlanChangesOfEntries, ThatACopyGoesIsNotCertain) {
    install_copy();
    const PlanChanges changes = look();
    EXPECT_TRUE(changes.targets[1].removed.empty());
    EXPECT_FALSE(changes.targets[1].noted);
    const std::string text = render_changes(changes);
    EXPECT_THAT(text, testing::HasSubstr("; if that succeeds, EFI/BOOT/BOOTX64.EFI (1000 B) goes"));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("  remove ")));
    // Where there is an entry already, it is.
    firmware_.answer = true;
    EXPECT_EQ(look().targets[1].removed.size(), 1U);
}

TEST_F(PlanChangesOfEntries, AnotherSystemsFileStaysAndThatIsSaid) {
    install(kOne);
    firmware_.answer = Error(Errc::not_found, "no variables");
    const PlanChanges changes = look();
    EXPECT_FALSE(changes.any());
    EXPECT_TRUE(changes.lacking);
    ASSERT_EQ(changes.warnings.size(), 1U);
    EXPECT_THAT(changes.warnings[0], testing::HasSubstr("BOOTX64.EFI there is not ours"));
    EXPECT_THAT(render_changes(changes), testing::Not(testing::HasSubstr("as planned")));
}

TEST_F(PlanChangesTest, SaysWhatIsReplacedAndWhose) {
    const Plan plan = plan_of(world_.plan(kOne));
    std::string text = render_changes(compare(plan));
    EXPECT_THAT(text, testing::HasSubstr("  write    EFI/cordwainer/grubx64.efi "));
    EXPECT_THAT(text, testing::HasSubstr("  write    cordwainer/k1/grub.cfg "));
    EXPECT_THAT(text,
                testing::ContainsRegex("  replace  grub.cfg \\([0-9]+ B\\), which is not "
                                       "cordwainer's"));
    install(kOne);
    text = render_changes(compare(plan_of(world_.plan(kTwo))));
    EXPECT_THAT(text, testing::HasSubstr("  write    cordwainer/kernels/"));
    EXPECT_THAT(text, testing::HasSubstr("  replace  cordwainer/k1/grub.cfg "));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("not cordwainer's")));
}

TEST_F(PlanChangesTest, WhatIsStillToBeMadeHasNoSize) {
    install(kOne);
    Plan plan = plan_of(world_.plan(kOne));
    Recipe recipe{.maker = "maker", .version = "1", .parameters = {}, .inputs = {}};
    for (Step& step : plan.steps) {
        auto* replace = std::get_if<ReplaceFile>(&step);
        if (replace && replace->target.text == "esp") replace->source = recipe;
    }
    PlanChanges changes = compare(plan);
    ASSERT_EQ(changes.targets[1].written.size(), 1U);
    EXPECT_EQ(changes.targets[1].written[0].size, std::nullopt);
    EXPECT_NE(render_changes(changes).find("grubx64.efi (still to be made)"), std::string::npos);
    // Once it has been made, it is known by its digest.
    made_[recipe_key(recipe)] = world_.contents.add("another core");
    changes = compare(plan);
    EXPECT_EQ(changes.targets[1].written[0].size, 12U);
}

TEST_F(PlanChangesTest, ATargetThatIsAwayIsNamed) {
    install(kOne);
    Plan plan = plan_of(world_.plan(kTwo));
    plan.targets.push_back({.id = {"esp.2"}, .spec = {}, .uuid = {}, .own = rel("EFI/cordwainer")});
    plan.targets.back().spec.path = "/boot/efi2";
    const PlanChanges changes = compare(plan);
    EXPECT_FALSE(changes.targets[3].reached);
    EXPECT_NE(render_changes(changes).find("esp.2: /boot/efi2: not there, left as it is\n"),
              std::string::npos);
}

// A second target like the one at `like`, with the same steps.
void mirror(Plan& plan, std::size_t like) {
    PlannedTarget target = plan.targets[like];
    plan.targets[like].spec.tag = target.spec.tag = target.id.text;
    const std::vector<Step> steps = plan.steps;
    for (Step step : steps) {
        if (target_of(step) != target.id) continue;
        std::visit([](auto& each) { each.target.text += ".2"; }, step);
        plan.steps.push_back(std::move(step));
    }
    target.id.text += ".2";
    plan.targets.push_back(std::move(target));
}

// The others would be completed, and nothing be removed.
TEST_F(PlanChangesTest, AMirrorThatFailsIsNamed) {
    class DeadDisk : public test::MemDisk {
      public:
        using MemDisk::MemDisk;

        Result<Bytes> read(std::uint64_t, std::size_t) override {
            return system_error(EIO, "read the disk");
        }
    };

    install(kOne);
    for (const std::size_t like : {1U, 2U}) {
        Plan plan = plan_of(world_.plan(kUpgrade));
        mirror(plan, like);
        const std::string id = plan.targets[3].id.text;
        DeadDisk dead(64, world_.faults);
        Bindings all = world_.bindings();
        all.give_up_failing = true;
        if (like == 1) all.failing.emplace(TargetId{id}, system_error(EIO, "open it"));
        if (like == 2) all.blocks[{id}] = &dead;
        const PlanChanges changes = compare(plan, all);
        ASSERT_EQ(changes.targets.size(), 4U);
        EXPECT_TRUE(changes.targets[3].failing);
        EXPECT_FALSE(changes.targets[3].any());
        EXPECT_TRUE(changes.targets[1].any()) << "the other one is served";
        EXPECT_TRUE(changes.targets[0].removed.empty()) << "the failing one may need it";
        EXPECT_THAT(render_changes(changes), testing::HasSubstr(id + ": : fails, left as it is\n"));
        EXPECT_THAT(changes.warnings,
                    testing::Contains(testing::StartsWith("target " + id +
                                                          " fails and would be left as it is: ")));
    }
}

TEST(RenderChanges, AChangeWithManyFilesStaysOnAScreen) {
    PlanChanges changes{.bootloader_before = "grub",
                        .bootloader_after = "grub",
                        .targets = {},
                        .menu = {},
                        .warnings = {}};
    TargetChanges files{.target = {.id = {"files"}, .spec = {}, .uuid = {}, .own = {}},
                        .written = {},
                        .removed = {},
                        .boot_code = {},
                        .entries = {}};
    files.target.spec.path = "/boot/grub";
    for (int i = 0; i < 300; ++i) {
        files.written.push_back({.path = rel("d/m" + std::to_string(i) + ".mod"), .size = 1024});
        files.removed.push_back({.path = rel("k/kernel." + std::to_string(i)), .size = 1U << 20U});
    }
    changes.targets.push_back(files);
    for (std::uint64_t i = 1; i <= 1000; ++i)
        changes.menu.added.push_back({.id = {i, ""}, .label = "Linux"});
    const std::string text = render_changes(changes);
    EXPECT_LE(std::ranges::count(text, '\n'), 24) << text;
    EXPECT_NE(text.find("write    300 files d/*.mod (300.0 KiB)"), std::string::npos) << text;
    EXPECT_NE(text.find("  remove   295 more files (295.0 MiB)\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  + 1000  Linux\n"), std::string::npos);
    EXPECT_NE(text.find("  + 996 more\n"), std::string::npos) << text;
}

TEST(RenderChanges, ANumberThatIsUsedAgainIsNoSameDefault) {
    PlanChanges changes{.bootloader_before = "grub",
                        .bootloader_after = "grub",
                        .targets = {},
                        .menu = {},
                        .warnings = {}};
    changes.targets.push_back({.target = {.id = {"files"}, .spec = {}, .uuid = {}, .own = {}},
                               .written = {{.path = rel("grub.cfg"), .size = 1}},
                               .removed = {},
                               .boot_code = {},
                               .entries = {}});
    changes.menu.default_before = GenerationId{3, "system a"};
    changes.menu.default_after = GenerationId{3, "system b"};
    EXPECT_THAT(render_changes(changes),
                testing::HasSubstr("by default 3 boots, which is another one by now\n"));
}

}  // namespace
}  // namespace cordwainer::cli
