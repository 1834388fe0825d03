#include "apply/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/support/arbitrary_plan.h"

namespace cordwainer {
namespace {

using test::make_plan;
using test::text_gen;
using ::testing::HasSubstr;

TEST(Record, RoundTrip) {
    const bool held = rc::check("parse_record(render_record(r)) == r", [] {
        Record record;
        record.generation = *rc::gen::arbitrary<std::uint64_t>();
        record.identity = *text_gen();
        record.bootloader = *text_gen();
        record.configuration = *text_gen();
        record.plan = make_plan<RealisedSource>();
        record.objects = objects_of(record.plan);
        const auto parsed = parse_record(render_record(record), "3.json");
        RC_ASSERT(parsed.has_value());
        RC_ASSERT(*parsed == record);
    });
    EXPECT_TRUE(held);
}

TEST(Record, ListsEachObjectOnce) {
    const ObjectRef a{sha256("a"), 1};
    const ObjectRef b{sha256("b"), 2};
    const ObjectRef c{sha256("c"), 3};
    RealisedPlan plan;
    const RelPath path = *RelPath::parse("x");
    plan.steps.emplace_back(BasicStageFile<RealisedSource>{{"t"}, path, a});
    plan.steps.emplace_back(BasicReplaceFile<RealisedSource>{{"t"}, path, a});
    plan.steps.emplace_back(BasicStageFile<RealisedSource>{
        {"t"}, path, HostFile{HostFile::Base::system, "/x", sha256("h"), 9}});
    BasicSwitchBootCode<RealisedSource> boot;
    boot.boot_code = b;
    boot.slots = {{{1, 1}, c}, {{2, 1}, a}};
    plan.steps.emplace_back(boot);
    EXPECT_THAT(objects_of(plan), ::testing::UnorderedElementsAre(a, b, c));
}

TEST(Record, WrongOnesAreRefusedWithTheirPlace) {
    Record record;
    record.plan.steps.emplace_back(FirmwareEntry{{"esp"}, *RelPath::parse("EFI/x.efi"), "a title"});
    const std::string good = render_record(record);
    ASSERT_TRUE(parse_record(good, "3.json"));

    std::string bad = good;
    bad.replace(bad.find("firmware_entry"), 14, "something_else");
    const auto step = parse_record(bad, "3.json");
    ASSERT_FALSE(step);
    EXPECT_EQ(step.error().code, Errc::invalid_input);
    EXPECT_THAT(step.error().message(), HasSubstr("3.json: /plan/steps/0/step"));

    bad = good;
    bad.replace(bad.find("record/1"), 8, "record/2");
    EXPECT_FALSE(parse_record(bad, "3.json"));

    bad = good;
    bad.replace(bad.find("\"identity\""), 10, "\"identitx\"");
    EXPECT_FALSE(parse_record(bad, "3.json"));

    for (std::size_t size = 0; size + 1 < good.size(); ++size)
        EXPECT_FALSE(parse_record(std::string_view(good).substr(0, size), "3.json")) << size;
}

}  // namespace
}  // namespace cordwainer
