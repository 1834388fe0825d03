#include "cli/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "realise/object_store.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A record whose plan writes one file and boot code, and all that it needs.
class Replay : public testing::Test {
  protected:
    Replay() : store_(tree_.path() / "state", ObjectStore::Durability::fast) {
        tree_.file("/k", "kernel");
        rebound_.system = tree_.root();
        const RealisedSource object = keep("object");
        record_.plan.steps = {
            BasicStageFile<RealisedSource>{
                .target = {"files"}, .path = RelPath::parse("a").value(), .source = object},
            BasicReplaceFile<RealisedSource>{
                .target = {"files"},
                .path = RelPath::parse("b").value(),
                .source = HostFile{.path = "/k", .digest = sha256("kernel"), .size = 6}},
            BasicSwitchBootCode<RealisedSource>{
                .target = {"disk"},
                .boot_code = keep("boot code"),
                .keep = {},
                .slots = {{.range = {.first_lba = 40, .count = 10}, .image = keep("core")},
                          {.range = {.first_lba = 50, .count = 10}, .image = keep("core")}}}};
        record_.objects = objects_of(record_.plan);
        Target disk;
        disk.id = {"disk"};
        disk.type = TargetType::block;
        disk.spec.type = TargetType::block;
        disk.spec.block = {.kind = BlockId::Kind::partition_table_uuid, .value = "u"};
        rebound_.probed.found.push_back(disk);
        rebound_.probed.found.front().observed = ObservedDisk();
        observed_disk().bios_boot = SectorRange{.first_lba = 40, .count = 20};
    }

    ObjectRef keep(const std::string& bytes) {
        auto kept = store_.add(as_bytes(bytes));
        EXPECT_TRUE(kept);
        return *kept;
    }

    [[nodiscard]] std::string object_inside(const std::string& bytes) const {
        return "/state/objects/" + sha256(bytes).hex();
    }

    ObservedDisk& observed_disk() {
        return std::get<ObservedDisk>(rebound_.probed.found.front().observed);
    }

    // "" where all is there.
    [[nodiscard]] std::string problems() {
        DigestCache digests;
        DigestCache machine_digests;
        const auto checked =
            check_replay(record_, rebound_, tree_.path() / "state", digests, machine_digests);
        if (checked) return "";
        EXPECT_EQ(checked.error().code, Errc::refused);
        return checked.error().message();
    }

    test::SystemTree tree_;
    ObjectStore store_;
    Record record_;
    LivePlan rebound_{.system = tree_.root(),
                      .config = {},
                      .generations = {},
                      .bootloader = {},
                      .probed = {},
                      .plan = {},
                      .former = {},
                      .installed = {},
                      .kept = {},
                      .warnings = {}};
};

TEST_F(Replay, IsPossibleWhereEverythingIsAsItWas) {
    EXPECT_EQ(problems(), "");
}

TEST_F(Replay, NeedsEveryObjectWithItsBytes) {
    tree_.file(object_inside("core"), "cure");
    std::filesystem::remove(tree_.outside(object_inside("object")));
    EXPECT_THAT(
        problems(),
        AllOf(HasSubstr("an object cannot be read: "),
              HasSubstr("the object " + tree_.outside(object_inside("core")) + " is damaged")));
}

TEST_F(Replay, NeedsEveryFileThatItCopies) {
    tree_.file("/k", "kernol");
    EXPECT_THAT(problems(), HasSubstr("/k is not what it was"));
    std::filesystem::remove(tree_.outside("/k"));
    EXPECT_THAT(problems(), HasSubstr("/k is missing"));
}

TEST_F(Replay, NeedsEveryFileThatTheMenuNames) {
    record_.plan.references = {
        {.path = "/gone", .digest = sha256(""), .size = 0, .target = {"files"}}};
    EXPECT_THAT(problems(), HasSubstr("/gone is missing"));
}

TEST_F(Replay, TellsEachProblemOnce) {
    std::filesystem::remove(tree_.outside(object_inside("core")));
    EXPECT_THAT(problems(), Not(HasSubstr("\n")));
}

TEST_F(Replay, NeedsThePlaceOfBootCode) {
    observed_disk().bios_boot = SectorRange{.first_lba = 40, .count = 19};
    EXPECT_THAT(problems(), HasSubstr("the place for boot code on target disk"));
    observed_disk().bios_boot = std::nullopt;
    EXPECT_THAT(problems(), HasSubstr("the place for boot code on target disk"));
    observed_disk().gap = SectorRange{.first_lba = 1, .count = 2047};
    EXPECT_EQ(problems(), "");
}

TEST_F(Replay, TrustsNoDeviceName) {
    rebound_.probed.found.front().spec.block = {.kind = BlockId::Kind::device_path,
                                                .value = "/dev/vda"};
    EXPECT_THAT(problems(), HasSubstr("was named by its device, /dev/vda, which may be another"));
}

}  // namespace
}  // namespace cordwainer::cli
