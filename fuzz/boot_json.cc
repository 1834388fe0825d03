#include "formats/boot_json.h"

#include <algorithm>

#include "fuzz/fuzz_target.h"

using namespace cordwainer;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parameters = parse_boot_json("input", fuzz::text_of(data, size));
    if (!parameters) {
        fuzz::expect(parameters.error().message().starts_with("input:"),
                     "an error names its place");
        return 0;
    }
    const auto text = render_boot_json(*parameters);
    fuzz::expect(text.has_value(), "what was read can be written");
    const auto again = parse_boot_json("rendered", *text);
    fuzz::expect(again.has_value(), "what is written can be read");
    fuzz::expect(*again == *parameters, "parse(render(x)) == x");
    const std::string line = native_command_line(parameters->command_line, 7);
    // Behind a quote that is never closed everything is one argument.
    const bool closed = std::ranges::count(line, '"') % 2 == 0;
    fuzz::expect(!closed || native_command_line(line, 7) == line,
                 "the generation is appended once");
    return 0;
}
