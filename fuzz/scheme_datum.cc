#include "formats/scheme_datum.h"

#include "fuzz/fuzz_target.h"

using namespace cordwainer;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto datum = parse_datum("input", fuzz::text_of(data, size));
    if (!datum) {
        fuzz::expect(datum.error().message().starts_with("input:"), "an error names its place");
        return 0;
    }
    const std::string text = render_datum(*datum);
    const auto again = parse_datum("rendered", text);
    fuzz::expect(again.has_value(), "what is rendered can be read");
    fuzz::expect(*again == *datum, "parse(render(x)) == x");
    fuzz::expect(render_datum(*again) == text, "rendering is stable");
    return 0;
}
