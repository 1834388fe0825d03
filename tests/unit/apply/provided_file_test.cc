// A file that its loader writes to: what may go wrong is that it is taken for damaged once it was
// used, that a run writes over what the loader needs, or that it stays behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apply/executor.h"
#include "apply/inventory.h"
#include "apply/verify.h"
#include "tests/support/boot_world.h"

namespace cordwainer {
namespace {

using test::BootWorld;
using test::rel;
using test::Version;

const Version kBlockOne{.key = "k1", .menu = "one", .kernels = {"kernel 1"}};
constexpr const char* kPath = "cordwainer/environment";
constexpr const char* kFirst = "nothing yet";
constexpr const char* kUsed = "loader's ow";  // of that size

class ProvidedFile : public testing::Test {
  protected:
    [[nodiscard]] RealisedPlan plan(std::string_view first = kFirst) {
        RealisedPlan plan = world_.plan(kBlockOne);
        plan.steps.insert(plan.steps.begin(),
                          BasicProvideFile<RealisedSource>{
                              {"files"}, rel(kPath), world_.contents.add(std::string(first))});
        return plan;
    }

    // Installs; whether anything was written.
    bool install(Trust trust = Trust::stamps) {
        const ApplyOutcome outcome = world_.apply(plan(), trust);
        EXPECT_TRUE(outcome.result) << outcome.result.error().message();
        return outcome.changed;
    }

    // What the loader does.
    void use() { world_.files.put(kPath, kUsed); }

    [[nodiscard]] std::optional<std::string> text() const { return world_.files.text(kPath); }

    [[nodiscard]] std::vector<Damage> damage() {
        const auto verified = verify_files(world_.files, rel("cordwainer"), world_.progress);
        EXPECT_TRUE(verified);
        return verified ? verified->damage : std::vector<Damage>();
    }

    BootWorld world_;
};

TEST_F(ProvidedFile, IsPutThereOnceAndLeftToItsLoader) {
    EXPECT_TRUE(install());
    EXPECT_EQ(text(), kFirst);
    use();
    for (const Trust trust : {Trust::stamps, Trust::contents}) {
        EXPECT_FALSE(install(trust));
        EXPECT_EQ(text(), kUsed);
    }
    EXPECT_TRUE(damage().empty());
}

TEST_F(ProvidedFile, StaysAsItIsWhereItsFirstContentIsAnotherByNow) {
    EXPECT_TRUE(install());
    use();
    const ApplyOutcome outcome = world_.apply(plan("another one"));
    ASSERT_TRUE(outcome.result) << outcome.result.error().message();
    EXPECT_EQ(text(), kUsed);
    EXPECT_FALSE(world_.apply(plan("another one")).changed);
}

TEST_F(ProvidedFile, ThatIsMissingOrHasAnotherSizeIsDamaged) {
    EXPECT_TRUE(install());
    world_.files.erase(kPath);
    EXPECT_EQ(
        damage(),
        (std::vector<Damage>{{.path = rel(kPath), .kind = Damage::Kind::missing, .detail = {}}}));
    EXPECT_TRUE(install());
    EXPECT_EQ(text(), kFirst);
    world_.files.put(kPath, "");
    EXPECT_EQ(
        damage(),
        (std::vector<Damage>{{.path = rel(kPath), .kind = Damage::Kind::changed, .detail = {}}}));
    EXPECT_TRUE(install());
    EXPECT_EQ(text(), kFirst);
    EXPECT_TRUE(damage().empty());
}

TEST_F(ProvidedFile, IsKeptWhereTheInventoryIsLost) {
    EXPECT_TRUE(install());
    use();
    world_.files.erase("cordwainer/inventory.0");
    world_.files.erase("cordwainer/inventory.1");
    EXPECT_TRUE(install());
    EXPECT_EQ(text(), kUsed);
}

TEST_F(ProvidedFile, GoesWithThePlan) {
    EXPECT_TRUE(install());
    use();
    ASSERT_TRUE(world_.apply(world_.plan(kBlockOne)).result);
    EXPECT_EQ(text(), std::nullopt);
}

TEST_F(ProvidedFile, OfARunThatWasCutIsWrittenWhereItIsNotWhole) {
    EXPECT_TRUE(install());
    auto loaded = load_inventory(world_.files, rel("cordwainer"));
    ASSERT_TRUE(loaded);
    loaded->inventory.files.at(rel(kPath)).pending = true;
    ASSERT_TRUE(save_inventory(world_.files, rel("cordwainer"), loaded->inventory));
    world_.files.put(kPath, std::string(std::string_view(kFirst).size(), '\0'));
    EXPECT_TRUE(install());
    EXPECT_EQ(text(), kFirst);
    EXPECT_FALSE(install());
}

}  // namespace
}  // namespace cordwainer
