// A boot that was asked for once, and a menu that is installed meanwhile: it may get lost without a
// word, outlive the entry that it is for, or come before a generation that was chosen to boot next.
#include "cli/once_kept.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/firmware_variables.h"
#include "tests/support/boot_world.h"
#include "tests/support/mem_contents.h"
#include "tests/support/system_tree.h"

namespace cordwainer::cli {
namespace {

using test::rel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Generation plain_generation(std::uint64_t number) {
    Generation made;
    made.number = number;
    made.identity = "/gnu/store/s" + std::to_string(number);
    return made;
}

// Generations 1 and 2 in a menu of systemd-boot, and generation 1 is to boot once.
class KeptOnceTest : public testing::Test {
  protected:
    KeptOnceTest()
        : planned_{.system = tree_.root(),
                   .config = {},
                   .generations = {},
                   .bootloader = {},
                   .probed = {},
                   .plan = {},
                   .former = {},
                   .installed = Installed{.bootloader = "systemd-boot", .boots = {}},
                   .kept = {},
                   .warnings = {}} {
        planned_.generations.list = {plain_generation(1), plain_generation(2)};
        for (const Generation& each : planned_.generations.list) {
            planned_.installed->generations.push_back(id_of(each));
        }
        planned_.plan.generation = 2;
        planned_.plan.bootloader = "systemd-boot";
        realised_.bootloader = "systemd-boot";
        add_entry("cordwainer-1-new.conf");
        add_entry("cordwainer-2-new.conf");
        tree_.file(std::string(kFirmwareVariables) + "/BootCurrent-" + kEfiGlobal, "123456");
        EXPECT_TRUE(store().write("cordwainer-1-old.conf"));
    }

    void add_entry(const std::string& name) {
        realised_.steps.emplace_back(BasicReplaceFile<RealisedSource>{
            {"esp"}, rel("loader/entries/" + name), contents_.add(name)});
    }

    [[nodiscard]] OnceStore store() const {
        return *OnceStore::of("systemd-boot", {}, planned_.system);
    }

    [[nodiscard]] std::optional<std::string> entry() const { return store().read().value(); }

    KeptOnce before() {
        auto kept = KeptOnce::before(planned_, realised_, contents_);
        EXPECT_TRUE(kept) << kept.error().message();
        return *std::move(kept);
    }

    test::SystemTree tree_;
    test::MemContents contents_;
    LivePlan planned_;
    RealisedPlan realised_;
};

TEST_F(KeptOnceTest, GetsTheNameOfTheNewEntry) {
    KeptOnce kept = before();
    EXPECT_EQ(entry(), "cordwainer-1-old.conf") << "the old menu may still boot";
    kept.after(planned_);
    EXPECT_EQ(entry(), "cordwainer-1-new.conf");
    EXPECT_TRUE(kept.changed());
    EXPECT_THAT(kept.warnings(), ElementsAre(HasSubstr("generation 1 still boots next, once")));
    KeptOnce again = before();
    again.after(planned_);
    EXPECT_FALSE(again.changed());
}

TEST_F(KeptOnceTest, EndsBeforeItsEntryGoes) {
    planned_.generations.list[0].identity = "/gnu/store/another";
    KeptOnce kept = before();
    EXPECT_EQ(entry(), std::nullopt);
    EXPECT_TRUE(kept.changed());
    kept.after(planned_);
    EXPECT_THAT(kept.warnings(), ElementsAre(HasSubstr("given up: it is not in the new menu")));
}

TEST_F(KeptOnceTest, EndsWhereTheNewMenuHasNoEntry) {
    realised_.steps.erase(realised_.steps.begin());
    before();
    EXPECT_EQ(entry(), std::nullopt);
}

TEST_F(KeptOnceTest, EndsWhereAnotherGenerationIsToBootNext) {
    planned_.ends_once = true;
    KeptOnce kept = before();
    EXPECT_EQ(entry(), "cordwainer-1-old.conf") << "nothing is installed yet";
    kept.after(planned_);
    EXPECT_EQ(entry(), std::nullopt);
    EXPECT_TRUE(kept.changed());
    EXPECT_THAT(kept.warnings(), ElementsAre(HasSubstr("given up: 2 is to boot next")));
}

TEST_F(KeptOnceTest, EndsWithTheBootloader) {
    realised_.bootloader = "none";
    before();
    EXPECT_EQ(entry(), std::nullopt);
}

// As `bootctl set-oneshot` asks for it: who installs may want it all the same, but must know.
TEST_F(KeptOnceTest, OfSomethingElseIsLeftAndTold) {
    ASSERT_TRUE(store().write("windows.conf"));
    KeptOnce kept = before();
    kept.after(planned_);
    EXPECT_EQ(entry(), "windows.conf");
    EXPECT_FALSE(kept.changed());
    EXPECT_THAT(kept.warnings(),
                ElementsAre(HasSubstr("LoaderEntryOneShot asks for \"windows.conf\"")));
}

TEST_F(KeptOnceTest, OfSomethingElseEndsWhereAGenerationIsToBootNext) {
    ASSERT_TRUE(store().write("windows.conf"));
    planned_.ends_once = true;
    KeptOnce kept = before();
    EXPECT_EQ(entry(), "windows.conf") << "nothing is installed yet";
    kept.after(planned_);
    EXPECT_EQ(entry(), std::nullopt);
    EXPECT_TRUE(kept.changed());
    EXPECT_THAT(kept.warnings(),
                ElementsAre(testing::AllOf(HasSubstr("windows.conf"),
                                           HasSubstr("given up: 2 is to boot next"))));
}

TEST_F(KeptOnceTest, OfAnEntryOfOursThatIsNoneAnyMoreEnds) {
    ASSERT_TRUE(store().write("cordwainer-9-old.conf"));
    KeptOnce kept = before();
    kept.after(planned_);
    EXPECT_EQ(entry(), std::nullopt);
    EXPECT_TRUE(kept.changed());
    EXPECT_THAT(kept.warnings(), ElementsAre(HasSubstr("it is no generation of this menu")));
}

TEST_F(KeptOnceTest, OutlivesWhatIsKnownToBeInstalled) {
    planned_.installed.reset();
    KeptOnce kept = before();
    kept.after(planned_);
    EXPECT_EQ(entry(), "cordwainer-1-new.conf");
    EXPECT_THAT(kept.warnings(), ElementsAre(HasSubstr("generation 1 still boots next, once")));
}

TEST_F(KeptOnceTest, EndsByASwitchAlsoWhereNothingIsKnownToBeInstalled) {
    planned_.installed.reset();
    planned_.ends_once = true;
    KeptOnce kept = before();
    kept.after(planned_);
    EXPECT_EQ(entry(), std::nullopt);
    EXPECT_THAT(kept.warnings(), ElementsAre(HasSubstr("given up: 2 is to boot next")));
}

// What is stored for the loader that comes counts, not what the one before had stored for itself.
TEST_F(KeptOnceTest, IsLookedForWhereTheNewLoaderDoes) {
    planned_.installed->bootloader = "grub";
    planned_.ends_once = true;
    ASSERT_TRUE(store().write("windows.conf"));
    KeptOnce kept = before();
    kept.after(planned_);
    EXPECT_EQ(entry(), std::nullopt);
    EXPECT_THAT(kept.warnings(), ElementsAre(HasSubstr("windows.conf")));

    ASSERT_TRUE(store().write("windows.conf"));
    planned_.installed->bootloader = "systemd-boot";
    planned_.plan.bootloader = "none";
    realised_.bootloader = "none";
    KeptOnce none = before();
    none.after(planned_);
    EXPECT_EQ(entry(), "windows.conf");
    EXPECT_THAT(none.warnings(), IsEmpty());
}

}  // namespace
}  // namespace cordwainer::cli
