#include "realise/realise.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>

#include "realise/process_runner.h"
#include "sys/file_io.h"
#include "tests/support/rel.h"

namespace cordwainer {
namespace {

using test::rel;
using ::testing::HasSubstr;

// Objects from a store, host files as they are.
class StoreContents : public Contents {
  public:
    explicit StoreContents(const ObjectStore& store) : store_(store) {}

    Result<std::filesystem::path> locate(const RealisedSource& source) override {
        if (const auto* object = std::get_if<ObjectRef>(&source))
            return store_.path(object->digest);
        return std::filesystem::path(std::get<HostFile>(source).path);
    }

    Result<Bytes> read(const RealisedSource& source) override {
        const std::filesystem::path path = TRY(locate(source));
        return read_file(path);
    }

  private:
    const ObjectStore& store_;
};

class Realise : public ::testing::Test {
  protected:
    void SetUp() override {
        auto made = TemporaryDirectory::make({}, "realise-test-");
        ASSERT_TRUE(made);
        scratch_ = std::make_unique<TemporaryDirectory>(std::move(*made));
        store_ = std::make_unique<ObjectStore>(scratch_->path() / "state",
                                               ObjectStore::Durability::fast);
        contents_ = std::make_unique<StoreContents>(*store_);
        // Puts its inputs together with a real program, in its scratch directory.
        makers_.push_back(
            {.name = "join",
             .make = [this](const Recipe& recipe,
                            const std::map<std::string, std::filesystem::path>& inputs,
                            const std::filesystem::path& scratch,
                            Runner& runner) -> Result<Bytes> {
                 ++runs_;
                 scratches_.push_back(scratch);
                 std::vector<std::string> command = {"cat"};
                 for (const RecipeInput& input : recipe.inputs)
                     command.push_back(inputs.at(input.name).string());
                 const std::string text = TRY(runner.run({command, scratch}));
                 TRY_VOID(write_durably(scratch / "left", as_bytes("x")));
                 const std::string whole = recipe.parameters.at("prefix") + text;
                 return Bytes(as_bytes(whole).begin(), as_bytes(whole).end());
             }});
        makers_.push_back({.name = "fail",
                           .make = [this](const Recipe&,
                                          const std::map<std::string, std::filesystem::path>&,
                                          const std::filesystem::path& scratch,
                                          Runner& runner) -> Result<Bytes> {
                               scratches_.push_back(scratch);
                               TRY(runner.run({{"sh", "-c", "echo why >&2; exit 1"}, scratch}));
                               return Bytes();
                           }});
    }

    HostFile host_file(const std::string& name, const std::string& text) {
        const auto path = scratch_->path() / name;
        EXPECT_TRUE(write_durably(path, as_bytes(text)));
        return {HostFile::Base::machine, path.string(), sha256(text), text.size()};
    }

    static Recipe join(const std::string& prefix, std::vector<RecipeInput> inputs) {
        return {.maker = "join",
                .version = "1",
                .parameters = {{"prefix", prefix}},
                .inputs = std::move(inputs)};
    }

    Result<RealisedPlan> run(const Plan& plan) {
        return realise(plan, makers_, *store_, *contents_, runner_);
    }

    // The text of the source of a realised plan's only step.
    std::string only_text(const Result<RealisedPlan>& plan) {
        if (!plan) return plan.error().message();
        const auto& step = std::get<BasicStageFile<RealisedSource>>(plan->steps.at(0));
        const auto path = contents_->locate(step.source);
        const auto text = path ? read_text_file(*path) : Result<std::string>(path.error());
        if (!text) return text.error().message();
        EXPECT_EQ(sha256(*text), digest_of(step.source));
        EXPECT_EQ(text->size(), size_of(step.source));
        return *text;
    }

    static Plan stage(Source source) {
        Plan plan;
        plan.steps.emplace_back(StageFile{{"files"}, rel("cordwainer/x"), std::move(source)});
        return plan;
    }

    int runs_ = 0;
    std::vector<std::filesystem::path> scratches_;
    std::vector<Maker> makers_;
    std::unique_ptr<TemporaryDirectory> scratch_;
    std::unique_ptr<ObjectStore> store_;
    std::unique_ptr<StoreContents> contents_;
    ProcessRunner runner_;
};

TEST_F(Realise, TextsBecomeObjectsAndFilesStay) {
    EXPECT_EQ(only_text(run(stage(Text{"a menu\n"}))), "a menu\n");
    const HostFile file = host_file("kernel", "bits");
    const auto plan = run(stage(file));
    ASSERT_TRUE(plan);
    EXPECT_EQ(std::get<BasicStageFile<RealisedSource>>(plan->steps[0]).source,
              RealisedSource(file));
    EXPECT_FALSE(store_->has({file.digest, file.size})) << "a host file is not copied";
}

TEST_F(Realise, RunsNestedRecipes) {
    const Recipe inner = join("inner:", {{"a", host_file("a", "A")}, {"b", Text{"B"}}});
    const auto made = store_->add(as_bytes("C"));
    ASSERT_TRUE(made);
    const Recipe outer = join("outer:", {{"inner", inner}, {"c", *made}});
    EXPECT_EQ(only_text(run(stage(outer))), "outer:inner:ABC");
    EXPECT_EQ(runs_, 2);
}

TEST_F(Realise, ScratchDirectoriesGo) {
    EXPECT_EQ(only_text(run(stage(join("x", {{"a", Text{"A"}}})))), "xA");
    Recipe fail;
    fail.maker = "fail";
    EXPECT_FALSE(run(stage(fail)));
    ASSERT_EQ(scratches_.size(), 2U);
    EXPECT_NE(scratches_[0], scratches_[1]);
    for (const auto& path : scratches_) EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Realise, ARecipeRunsOncePerKey) {
    const Recipe recipe = join("x", {{"a", host_file("a", "A")}});
    Plan plan = stage(recipe);
    plan.steps.emplace_back(ReplaceFile{{"esp"}, rel("EFI/x"), recipe});
    ASSERT_TRUE(run(plan));
    EXPECT_EQ(runs_, 1);
    // Another run takes what the store has.
    ASSERT_TRUE(run(plan));
    EXPECT_EQ(runs_, 1);
    // Also where the inputs are no longer there: the key says it all.
    std::filesystem::remove(scratch_->path() / "a");
    ASSERT_TRUE(run(plan));
    EXPECT_EQ(runs_, 1);
    // Another parameter is another key.
    EXPECT_TRUE(run(stage(join("y", {{"b", Text{"A"}}}))));
    EXPECT_EQ(runs_, 2);
}

TEST_F(Realise, ALostObjectIsMadeAgain) {
    const Recipe recipe = join("x", {{"a", Text{"A"}}});
    ASSERT_TRUE(run(stage(recipe)));
    std::filesystem::remove(store_->path(sha256("xA")));
    EXPECT_EQ(only_text(run(stage(recipe))), "xA");
    EXPECT_EQ(runs_, 2);
}

TEST_F(Realise, AnInputThatHasChangedIsCorrupt) {
    const HostFile file = host_file("a", "A");
    ASSERT_TRUE(write_durably(file.path, as_bytes("B")));
    const auto plan = run(stage(join("x", {{"first", file}})));
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, Errc::corrupt);
    EXPECT_THAT(plan.error().message(), HasSubstr("input first"));
    EXPECT_EQ(runs_, 0);
}

TEST_F(Realise, ErrorsNameTheStepAndTheMaker) {
    Recipe unknown;
    unknown.maker = "nobody";
    const auto none = run(stage(unknown));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Errc::unsupported);
    EXPECT_THAT(none.error().message(), HasSubstr("nobody"));
    Recipe fail;
    fail.maker = "fail";
    const auto failed = run(stage(fail));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::tool_failed);
    EXPECT_THAT(failed.error().message(), HasSubstr("stage cordwainer/x: make fail: sh failed"));
    EXPECT_THAT(failed.error().message(), HasSubstr("why"));
    const auto twice = run(stage(join("x", {{"a", Text{"1"}}, {"a", Text{"2"}}})));
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, Errc::invalid_input);
}

TEST_F(Realise, KeepsEverythingElseOfThePlan) {
    Plan plan;
    plan.bootloader = "grub";
    plan.generation = 7;
    plan.targets.push_back({.id = {"disk"}, .spec = {}, .uuid = {}, .own = {}});
    plan.references = {{"/x", sha256("x"), 1, {"files"}}};
    plan.warnings = {"careful"};
    SwitchBootCode boot;
    boot.target = {"disk"};
    boot.boot_code = Text{"boot"};
    boot.keep = {{440, 72}};
    boot.pointer_offset = 92;
    boot.slots = {{{1, 2}, Text{"0"}}, {{3, 2}, Text{"1"}}};
    plan.steps.emplace_back(boot);
    plan.steps.emplace_back(FirmwareEntry{{"esp"}, rel("EFI/x"), "title"});
    const auto made = run(plan);
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->bootloader, plan.bootloader);
    EXPECT_EQ(made->generation, plan.generation);
    EXPECT_EQ(made->targets, plan.targets);
    EXPECT_EQ(made->references, plan.references);
    EXPECT_EQ(made->warnings, plan.warnings);
    const auto& step = std::get<BasicSwitchBootCode<RealisedSource>>(made->steps.at(0));
    EXPECT_EQ(step.target, boot.target);
    EXPECT_EQ(step.pointer_offset, 92U);
    ASSERT_EQ(step.keep.size(), 1U);
    EXPECT_EQ(step.keep[0].first, 440U);
    EXPECT_EQ(step.keep[0].count, 72U);
    ASSERT_EQ(step.slots.size(), 2U);
    EXPECT_EQ(step.slots[1].range, (SectorRange{3, 2}));
    EXPECT_EQ(digest_of(step.slots[1].image), sha256("1"));
    EXPECT_EQ(digest_of(step.boot_code), sha256("boot"));
    EXPECT_EQ(made->steps.at(1), RealisedStep(FirmwareEntry{{"esp"}, rel("EFI/x"), "title"}));
}

TEST_F(Realise, ImportsWhatIsNotRooted) {
    const HostFile loose = host_file("loose", "module");
    const HostFile rooted = host_file("rooted", "kernel");
    Plan plan = stage(loose);
    plan.steps.emplace_back(StageFile{{"files"}, rel("cordwainer/y"), rooted});
    const auto made = run(plan);
    ASSERT_TRUE(made);
    const auto imported = import_sources(
        *made, *store_, *contents_, [&](const HostFile& file) { return file.path == rooted.path; });
    ASSERT_TRUE(imported) << imported.error().message();
    EXPECT_EQ(std::get<BasicStageFile<RealisedSource>>(imported->steps[0]).source,
              RealisedSource(ObjectRef{sha256("module"), 6}));
    EXPECT_EQ(std::get<BasicStageFile<RealisedSource>>(imported->steps[1]).source,
              RealisedSource(rooted));
    EXPECT_TRUE(store_->has({sha256("module"), 6}));
    EXPECT_FALSE(store_->has({sha256("kernel"), 6}));

    // What the store has is not looked at again.
    std::filesystem::remove(loose.path);
    const auto again =
        import_sources(*made, *store_, *contents_, [](const HostFile&) { return false; });
    ASSERT_TRUE(again) << again.error().message();

    ASSERT_TRUE(write_durably(loose.path, as_bytes("another")));
    std::filesystem::remove(store_->path(sha256("module")));
    const auto changed =
        import_sources(*made, *store_, *contents_, [](const HostFile&) { return false; });
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, Errc::corrupt);
}

}  // namespace
}  // namespace cordwainer
