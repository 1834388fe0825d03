#include "apply/verify.h"

#include <gtest/gtest.h>

#include "apply/survey.h"
#include "tests/support/boot_world.h"

namespace cordwainer {
namespace {

using test::BootWorld;
using test::rel;
using test::Version;

const Version kContent{.key = "k1", .menu = "one", .kernels = {"kernel 1"}};
const std::string kModule = "cordwainer/k1/linux.mod";

class Verify : public testing::Test {
  protected:
    Verify() { EXPECT_TRUE(world.apply(world.plan(kContent)).result); }

    Verified verified() {
        auto result = verify_files(world.files, rel("cordwainer"), world.progress);
        EXPECT_TRUE(result);
        return *std::move(result);
    }

    BootWorld world;
};

TEST_F(Verify, ReadsEveryOwnedFile) {
    world.files.contents_read = 0;
    const Verified done = verified();
    EXPECT_EQ(done.files, 5U);
    EXPECT_EQ(world.files.contents_read, 5);
    EXPECT_TRUE(done.damage.empty());
    EXPECT_TRUE(done.warnings.empty());
}

TEST_F(Verify, NamesWhatIsDamagedAndHow) {
    // The size and, where a bad medium changed it, the stamp stay the same.
    std::string text = *world.files.text(kModule);
    text[0] ^= 1;
    world.files.put(kModule, text);
    world.files.erase("grub.cfg");
    const Verified done = verified();
    EXPECT_EQ(done.damage,
              (std::vector<Damage>{
                  {.path = rel(kModule), .kind = Damage::Kind::changed, .detail = {}},
                  {.path = rel("grub.cfg"), .kind = Damage::Kind::missing, .detail = {}}}));
}

TEST_F(Verify, OfAForeignFileIsNoMatter) {
    world.files.put("vmlinuz", "changed by its owner");
    EXPECT_TRUE(verified().damage.empty());
}

TEST_F(Verify, TellsOfALostInventory) {
    world.files.put("cordwainer/inventory.0", "x");
    world.files.put("cordwainer/inventory.1", "y");
    const Verified done = verified();
    EXPECT_EQ(done.files, 0U);
    EXPECT_EQ(done.warnings.size(), 1U);
}

// A medium that changes bytes by itself leaves the stamp as it was.
TEST_F(Verify, SurveyOfContentsFindsWhatStampsDoNot) {
    world.files.stamps = false;
    std::string text = *world.files.text(kModule);
    text[0] ^= 1;
    world.files.put(kModule, text);
    const RealisedPlan plan = world.plan(kContent);
    const auto trusting = survey(plan, world.bindings(), world.contents);
    ASSERT_TRUE(trusting);
    EXPECT_FALSE(trusting->files.at({"files"}).dirty());
    const auto reading = survey(plan, world.bindings(), world.contents, Trust::contents);
    ASSERT_TRUE(reading);
    const FileRun& run = reading->files.at({"files"});
    ASSERT_EQ(run.to_write.size(), 1U);
    EXPECT_TRUE(run.to_write.contains(rel(kModule)));
}

}  // namespace
}  // namespace cordwainer
