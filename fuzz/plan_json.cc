#include "model/plan_json.h"

#include "core/utf8.h"
#include "fuzz/fuzz_target.h"

using namespace cordwainer;  // NOLINT(google-build-using-namespace)

namespace {

template <class Plan, class Parse>
void check(const Result<Plan>& plan, Parse parse) {
    if (!plan) {
        fuzz::expect(plan.error().message().starts_with("input:"), "an error names its place");
        return;
    }
    const std::string text = render_plan(*plan);
    fuzz::expect(is_utf8(text), "JSON is UTF-8");
    const auto again = parse(text);
    fuzz::expect(again.has_value(), "what is written can be read");
    fuzz::expect(*again == *plan, "parse(render(x)) == x");
    fuzz::expect(render_plan(*again) == text, "a plan has one form");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const auto plan = parse_plan(text, "input");
    const auto realised = parse_realised_plan(text, "input");
    check(plan, [](const std::string& again) { return parse_plan(again, "again"); });
    check(realised, [](const std::string& again) { return parse_realised_plan(again, "again"); });
    fuzz::expect(!realised || plan, "a realised plan is a plan");
    return 0;
}
