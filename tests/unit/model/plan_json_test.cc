#include "model/plan_json.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>
#include <string>

#include "tests/support/arbitrary_plan.h"
#include "tests/support/rel.h"

namespace cordwainer {
namespace {

using test::make_plan;
using test::rel;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// One of everything.
Plan sample() {
    Plan plan;
    plan.bootloader = "grub";
    plan.generation = 3;
    PlannedTarget files;
    files.id = {"files"};
    files.spec.tag = "files";
    files.spec.path = "/boot/grub";
    files.uuid = Uuid::parse("3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3");
    files.own = rel("cordwainer");
    PlannedTarget disk;
    disk.id = {"disk"};
    disk.spec.tag = "disk";
    disk.spec.type = TargetType::block;
    disk.spec.block = {BlockId::Kind::partition_uuid, "abc"};
    plan.targets = {files, disk};

    Recipe inner;
    inner.maker = "inner";
    inner.version = "1";
    Recipe recipe;
    recipe.maker = "grub-core-image";
    recipe.version = "2.06";
    recipe.parameters = {{"format", "i386-pc"}};
    recipe.inputs = {{"early.cfg", Text{"search\n"}}, {"inner", inner}};
    plan.steps.emplace_back(StageFile{
        {"files"},
        rel("cordwainer/k/normal.mod"),
        HostFile{HostFile::Base::machine, "/usr/lib/grub/normal.mod", sha256("normal"), 12}});
    plan.steps.emplace_back(ReplaceFile{{"files"}, rel("grub.cfg"), Text{"set \"x\"\n"}});
    SwitchBootCode boot;
    boot.target = {"disk"};
    boot.boot_code = ObjectRef{sha256("boot"), 512};
    boot.keep = {{440, 72}};
    boot.pointer_offset = 92;
    boot.slots = {{{2048, 1024}, recipe}, {{3072, 1024}, recipe}};
    plan.steps.emplace_back(boot);
    plan.steps.emplace_back(FirmwareEntry{{"esp"}, rel("EFI/cordwainer/grubx64.efi"), "Guix"});
    plan.references = {{"/gnu/store/x", sha256("x"), 1, {"files"}}};
    plan.warnings = {"a device path"};
    return plan;
}

TEST(PlanJson, RendersWhatItSays) {
    const std::string text = render_plan(sample());
    EXPECT_EQ(text.back(), '\n');
    const auto json = nlohmann::json::parse(text);
    EXPECT_EQ(json["format"], "cordwainer-plan/1");
    EXPECT_EQ(json["generation"], 3);
    EXPECT_EQ(json["targets"][1]["by"], "partition_uuid");
    EXPECT_EQ(json["steps"][1]["source"]["text"], "set \"x\"\n");
    EXPECT_EQ(json["steps"][2]["slots"][1]["image"]["recipe"]["inputs"][0]["source"]["text"],
              "search\n");
    EXPECT_EQ(json["steps"].size(), 4U);
    // A step is a line where it can be, so that a diff shows steps.
    EXPECT_THAT(text,
                HasSubstr("    {\"step\": \"replace_file\", \"target\": \"files\", \"path\": "
                          "\"grub.cfg\", \"source\": {\"text\": \"set \\\"x\\\"\\n\"}},\n"));
}

TEST(PlanJson, SampleRoundTrip) {
    const auto parsed = parse_plan(render_plan(sample()), "plan.json");
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(*parsed, sample());
}

TEST(PlanJson, RoundTrip) {
    EXPECT_TRUE(rc::check("parse_plan(render_plan(p)) == p", [] {
        const Plan plan = make_plan<Source>();
        const std::string text = render_plan(plan);
        RC_ASSERT(is_utf8(text));
        const auto parsed = parse_plan(text, "plan.json");
        RC_ASSERT(parsed.has_value());
        RC_ASSERT(*parsed == plan);
        RC_ASSERT(render_plan(*parsed) == text);
    }));
    EXPECT_TRUE(rc::check("parse_realised_plan(render_plan(p)) == p", [] {
        const RealisedPlan plan = make_plan<RealisedSource>();
        const auto parsed = parse_realised_plan(render_plan(plan), "plan.json");
        RC_ASSERT(parsed.has_value());
        RC_ASSERT(*parsed == plan);
        // And it is a plan.
        RC_ASSERT(parse_plan(render_plan(plan), "plan.json").has_value());
    }));
}

TEST(PlanJson, ARealisedPlanHasNoTextsAndNoRecipes) {
    const auto parsed = parse_realised_plan(render_plan(sample()), "plan.json");
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, Errc::invalid_input);
    EXPECT_THAT(parsed.error().message(), StartsWith("plan.json: /steps/1/source: "));
}

TEST(PlanJson, TextThatIsNotUtf8IsRenderedAsUtf8) {
    Plan plan;
    plan.bootloader = "\xff grub \xc3";
    const std::string text = render_plan(plan);
    EXPECT_TRUE(is_utf8(text));
    EXPECT_TRUE(parse_plan(text, "plan.json"));
}

// What a message must begin with when `from` in the sample is replaced by `to`.
struct Wrong {
    const char* from;
    const char* to;
    const char* message;
};

class WrongPlan : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongPlan, IsRefusedWithItsPlace) {
    std::string text = render_plan(sample());
    const std::size_t at = text.find(GetParam().from);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, std::string_view(GetParam().from).size(), GetParam().to);
    const auto parsed = parse_plan(text, "plan.json");
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, Errc::invalid_input);
    EXPECT_THAT(parsed.error().message(), StartsWith(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All,
    WrongPlan,
    ::testing::Values(
        Wrong{"cordwainer-plan/1", "cordwainer-plan/2", "plan.json: the format is"},
        Wrong{"\"format\"", "\"Format\"", "plan.json: \"format\" is missing"},
        Wrong{"\"warnings\"", "\"warning\"", "plan.json: /warning: unknown key"},
        Wrong{"\"step\": \"stage_file\"",
              "\"step\": \"frobnicate\"",
              "plan.json: /steps/0/step: this program has no step \"frobnicate\""},
        Wrong{"\"step\": \"stage_file\", ",
              "\"step\": \"stage_file\", \"mode\": 1, ",
              "plan.json: /steps/0/mode: unknown key"},
        Wrong{"\"step\": \"stage_file\", ",
              "\"step\": \"stage_file\", \"step\": \"stage_file\", ",
              "plan.json: the key \"step\" stands twice"},
        Wrong{"cordwainer/k/normal.mod", "../normal.mod", "plan.json: /steps/0/path: "},
        Wrong{"\"base\": \"machine\"", "\"base\": \"moon\"", "plan.json: /steps/0/source/base: "},
        Wrong{"\"size\": 12", "\"size\": -1", "plan.json: /steps/0/source/size: "},
        Wrong{"\"size\": 12", "\"size\": 1.5", "plan.json: /steps/0/source/size: "},
        Wrong{
            "\"size\": 12", "\"size\": 18446744073709551616", "plan.json: /steps/0/source/size: "},
        Wrong{"\"size\": 12", "\"size\": \"12\"", "plan.json: /steps/0/source/size: "},
        Wrong{"\"first\": 440", "\"first\": 4294967296", "plan.json: /steps/2/keep/0/first: "},
        Wrong{"partition_uuid", "partition_name", "plan.json: /targets/1/by: "},
        Wrong{"\"type\": \"block\"", "\"type\": \"blob\"", "plan.json: /targets/1/type: "},
        Wrong{"3f9c1a52-7b1e", "not-a-uuid", "plan.json: /targets/0/uuid: "},
        Wrong{"\"generation\": 3", "\"generation\": true", "plan.json: /generation: "},
        Wrong{
            "\"source\": {\"text\"", "\"source\": {\"words\"", "plan.json: /steps/1/source/words"},
        Wrong{"\"bootloader\": \"grub\",",
              "\"bootloader\": \"grub\"",
              "plan.json:4:3: not JSON at \"generation\""}));

TEST(PlanJson, EveryTruncationIsRefused) {
    const std::string text = render_plan(sample());
    for (std::size_t size = 0; size + 1 < text.size(); ++size)
        ASSERT_FALSE(parse_plan(std::string_view(text).substr(0, size), "plan.json")) << size;
}

TEST(PlanJson, BottomlessNestingIsRefused) {
    const std::string deep(100'000, '[');
    EXPECT_FALSE(parse_plan(deep, "plan.json"));
    std::string recipes;
    for (int i = 0; i < 10'000; ++i) recipes += R"({"recipe": {"inputs": [{"source": )";
    EXPECT_FALSE(parse_plan(recipes, "plan.json"));
}

TEST(PlanJson, OtherRootsAreRefused) {
    for (const char* text : {"", "null", "[]", "3", "\"x\"", "{}", "{} {}", "\xff"})
        EXPECT_FALSE(parse_plan(text, "plan.json")) << text;
}

// Ten thousand generations: their kernels as references, a menu of 5 MB, 600 modules.
Plan large(std::uint64_t generations) {
    Plan plan = sample();
    for (int i = 0; i < 600; ++i)
        plan.steps.emplace_back(
            StageFile{{"files"},
                      rel("cordwainer/k/" + std::to_string(i) + ".mod"),
                      HostFile{HostFile::Base::machine,
                               "/usr/lib/grub/i386-pc/" + std::to_string(i) + ".mod",
                               sha256(std::to_string(i)),
                               4096}});
    std::string menu;
    for (std::uint64_t n = 0; n < generations; ++n) {
        const std::string path =
            "/gnu/store/" + std::string(32, 'h') + "-linux-" + std::to_string(n) + "/bzImage";
        menu += std::string(450, '#') + "\n";
        plan.references.push_back({path, sha256(path), 10'000'000, {"files"}});
    }
    plan.steps.emplace_back(ReplaceFile{{"files"}, rel("cordwainer/k/grub.cfg"), Text{menu}});
    return plan;
}

double seconds_to_render_and_parse(const Plan& plan) {
    const auto begun = std::chrono::steady_clock::now();
    const auto parsed = parse_plan(render_plan(plan), "plan.json");
    EXPECT_TRUE(parsed && *parsed == plan);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

TEST(PlanJson, GrowsNoWorseThanLinearly) {
    const Plan small = large(2'000);
    const Plan big = large(20'000);
    seconds_to_render_and_parse(small);
    const double for_small = seconds_to_render_and_parse(small);
    const double for_big = seconds_to_render_and_parse(big);
    // Ten times as much in less than thirty times the time; quadratic would be a hundred.
    EXPECT_LT(for_big, 30 * for_small + 0.05);
}

}  // namespace
}  // namespace cordwainer
