#include "model/planning.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace cordwainer {
namespace {

RelPath path(const std::string& text) {
    return RelPath::parse(text).value();
}

ConfigValue text_value(const std::string& text, std::size_t line) {
    ConfigValue value;
    value.value = text;
    value.location = {.file = "config.toml", .line = line, .column = 1};
    return value;
}

// A table whose keys "files" and "esp" each name one target, as often as they occur.
std::vector<TargetSpec> named_targets(const ConfigValue& config, const std::string& tag) {
    std::vector<TargetSpec> specs;
    for (const auto& [key, value] : std::get<ConfigTable>(config.value)) {
        if (key != tag) continue;
        TargetSpec spec;
        spec.tag = tag;
        spec.path = std::get<std::string>(value.value);
        spec.location = value.location;
        specs.push_back(std::move(spec));
    }
    return specs;
}

using Install = std::function<Result<InstallSteps>(const InstallRequest&, const Target&)>;

Installer installer(const std::string& tag, Install install) {
    Installer made;
    made.tag = tag;
    made.own = path("own");
    made.targets = [tag](const ConfigValue& config) -> Result<std::vector<TargetSpec>> {
        return named_targets(config, tag);
    };
    made.install = std::move(install);
    return made;
}

StageFile stage(const Target& target, const std::string& name, const std::string& content) {
    return {.target = target.id, .path = path(name), .source = Text{content}};
}

ReplaceFile replace(const Target& target, const std::string& name, const std::string& content) {
    return {.target = target.id, .path = path(name), .source = Text{content}};
}

// An installer that writes these steps on each of its targets.
template <class... Make>
Install writing(Make... make) {
    return [=](const InstallRequest&, const Target& target) -> Result<InstallSteps> {
        InstallSteps made;
        (made.steps.emplace_back(make(target)), ...);
        return made;
    };
}

auto staging(const std::string& name, const std::string& content) {
    return [=](const Target& target) { return stage(target, name, content); };
}

auto replacing(const std::string& name, const std::string& content) {
    return [=](const Target& target) { return replace(target, name, content); };
}

Target target(const std::string& id, const std::string& tag) {
    Target made;
    made.id = {id};
    made.tag = tag;
    made.spec.tag = tag;
    made.spec.path = "/" + id;
    return made;
}

Bootloader loader(std::vector<Installer> installers) {
    Bootloader made;
    made.name = "test";
    made.installers = std::move(installers);
    return made;
}

Result<Plan> plan(const Bootloader& bootloader,
                  const std::vector<Target>& targets,
                  const std::vector<Generation>& generations = {}) {
    ConfigValue config;
    config.value = ConfigTable{};
    return make_plan(bootloader, config, generations, targets, Observed{});
}

// "files:own/a" for each step.
std::vector<std::string> written(const Plan& plan) {
    std::vector<std::string> names;
    for (const Step& step : plan.steps) {
        const auto* staged = std::get_if<StageFile>(&step);
        const auto* replaced = std::get_if<ReplaceFile>(&step);
        names.push_back(target_of(step).text + ":" +
                        (staged     ? staged->path.text()
                         : replaced ? replaced->path.text()
                                    : "?"));
    }
    return names;
}

TEST(ConfiguredTargets, ComeInTheOrderOfTheInstallers) {
    const Bootloader bootloader = loader({installer("esp", {}), installer("files", {})});
    ConfigValue config;
    config.value = ConfigTable{{"files", text_value("/boot", 1)},
                               {"esp", text_value("/efi", 2)},
                               {"esp", text_value("/efi2", 3)}};
    const auto specs = configured_targets(bootloader, config);
    ASSERT_TRUE(specs) << specs.error().message();
    ASSERT_EQ(specs->size(), 3U);
    EXPECT_EQ((*specs)[0].path, "/efi");
    EXPECT_EQ((*specs)[1].path, "/efi2");
    EXPECT_EQ((*specs)[2].path, "/boot");
}

TEST(ConfiguredTargets, NameNoPlaceTwice) {
    const Bootloader bootloader = loader({installer("esp", {})});
    ConfigValue config;
    config.value = ConfigTable{{"esp", text_value("/efi", 1)}, {"esp", text_value("/efi", 7)}};
    const auto specs = configured_targets(bootloader, config);
    ASSERT_FALSE(specs);
    EXPECT_EQ(specs.error().code, Errc::invalid_input);
    EXPECT_TRUE(specs.error().message().starts_with("config.toml:7:1: "))
        << specs.error().message();
}

TEST(ConfiguredTargets, HaveOneFormOfEachPath) {
    const Bootloader bootloader = loader({installer("esp", {})});
    const auto targets = [&](const std::string& first, const std::string& second) {
        ConfigValue config;
        config.value = ConfigTable{{"esp", text_value(first, 1)}, {"esp", text_value(second, 7)}};
        return configured_targets(bootloader, config);
    };
    const auto clean = targets("//efi//one/", "/");
    ASSERT_TRUE(clean) << clean.error().message();
    EXPECT_EQ((*clean)[0].path, "/efi/one");
    EXPECT_EQ((*clean)[1].path, "/");
    const auto twice = targets("/efi", "/efi/");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().message(), "config.toml:7:1: target \"/efi\" is named twice for esp");
    const auto climbing = targets("/efi", "/boot/../efi");
    ASSERT_FALSE(climbing);
    EXPECT_EQ(climbing.error().message(),
              "config.toml:7:1: esp: path \"/boot/../efi\": \".\" and \"..\" are not allowed");
}

TEST(ConfiguredTargets, MayShareAPlaceBetweenInstallers) {
    const Bootloader bootloader = loader({installer("files", {}), installer("esp", {})});
    ConfigValue config;
    config.value = ConfigTable{{"files", text_value("/efi", 1)}, {"esp", text_value("/efi", 2)}};
    EXPECT_TRUE(configured_targets(bootloader, config));
}

TEST(TargetIds, CountFromTheSecondOfATag) {
    std::vector<TargetSpec> specs(4);
    specs[0].tag = "files";
    specs[1].tag = specs[2].tag = specs[3].tag = "esp";
    EXPECT_EQ(target_ids(specs), (std::vector<TargetId>{{"files"}, {"esp"}, {"esp.2"}, {"esp.3"}}));
}

TEST(MakePlan, RunsEveryInstallerOnEachOfItsTargets) {
    const auto made =
        plan(loader({installer("files", writing(replacing("menu", "m"))),
                     installer("esp", writing(replacing("loader", "l")))}),
             {target("esp", "esp"), target("files", "files"), target("esp.2", "esp")});
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(written(*made),
              (std::vector<std::string>{"files:menu", "esp:loader", "esp.2:loader"}));
    ASSERT_EQ(made->targets.size(), 3U);
    EXPECT_EQ(made->targets[0].id.text, "files");
    EXPECT_EQ(made->targets[0].own, path("own"));
    EXPECT_EQ(made->bootloader, "test");
}

TEST(MakePlan, ShowsEachInstallerTheWholeTargetMap) {
    Target esp = target("esp", "esp");
    esp.boot.label = "ESP";
    std::string seen;
    const auto look = [&](const InstallRequest& request, const Target&) -> Result<InstallSteps> {
        seen = request.targets.at("esp").front().label.value();
        return InstallSteps{};
    };
    ASSERT_TRUE(plan(loader({installer("files", look), installer("esp", writing())}),
                     {esp, target("files", "files")}));
    EXPECT_EQ(seen, "ESP");
}

TEST(MakePlan, NamesTheCurrentGeneration) {
    std::vector<Generation> generations(2);
    generations[0].number = 3;
    generations[1].number = 5;
    EXPECT_EQ(plan(loader({}), {}, generations)->generation, std::nullopt);
    generations[0].current = true;
    EXPECT_EQ(plan(loader({}), {}, generations)->generation, 3U);
}

TEST(MakePlan, CollectsWarningsAndReferences) {
    const auto warn = [](const InstallRequest&, const Target&) -> Result<InstallSteps> {
        InstallSteps made;
        made.warnings = {"beware"};
        made.references.emplace_back();
        made.references.back().path = "/kernel";
        return made;
    };
    const auto made = plan(loader({installer("files", warn)}), {target("files", "files")});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->warnings, std::vector<std::string>{"beware"});
    ASSERT_EQ(made->references.size(), 1U);
    EXPECT_EQ(made->references[0].path, "/kernel");
}

TEST(MakePlan, TellsWhichTargetFailed) {
    const auto fail = [](const InstallRequest&, const Target&) -> Result<InstallSteps> {
        return Error(Errc::refused, "no");
    };
    const auto made = plan(loader({installer("files", fail)}), {target("files", "files")});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::refused);
    EXPECT_EQ(made.error().message(), "plan test for target files: no");
}

TEST(MakePlan, KeepsOneOfRepeatedStages) {
    const auto made =
        plan(loader({installer(
                 "files",
                 writing(staging("own/a", "1"), staging("own/b", "2"), staging("own/a", "1")))}),
             {target("files", "files")});
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(written(*made), (std::vector<std::string>{"files:own/a", "files:own/b"}));
}

TEST(MakePlan, RefusesOneNameWithTwoContents) {
    for (const auto& install : {writing(staging("own/a", "1"), staging("own/a", "2")),
                                writing(staging("own/a", "1"), replacing("own/a", "2")),
                                writing(replacing("a", "1"), replacing("a", "2"))}) {
        const auto made = plan(loader({installer("files", install)}), {target("files", "files")});
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().code, Errc::refused);
    }
}

TEST(MakePlan, AllowsOneNameOnTwoTargets) {
    const auto by_target = [](const InstallRequest&, const Target& at) -> Result<InstallSteps> {
        InstallSteps made;
        made.steps.emplace_back(stage(at, "own/a", at.id.text));
        return made;
    };
    EXPECT_TRUE(plan(loader({installer("esp", by_target)}),
                     {target("esp", "esp"), target("esp.2", "esp")}));
}

TEST(MakePlan, RefusesToStageOutsideTheOwnDirectory) {
    for (const char* name : {"a", "owner/a", "own"}) {
        const auto made = plan(loader({installer("files", writing(staging(name, "1")))}),
                               {target("files", "files")});
        ASSERT_FALSE(made) << name;
        EXPECT_EQ(made.error().code, Errc::refused);
    }
    Installer without = installer("files", writing(staging("own/a", "1")));
    without.own.reset();
    EXPECT_FALSE(plan(loader({without}), {target("files", "files")}));
}

}  // namespace
}  // namespace cordwainer
