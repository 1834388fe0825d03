#include "formats/efi_load_option.h"

#include "core/utf8.h"
#include "fuzz/fuzz_target.h"

using namespace cordwainer;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto option = parse_load_option(as_bytes(fuzz::text_of(data, size)));
    if (!option) return 0;
    fuzz::expect(is_utf8(option->title), "a title is UTF-8");
    if (!option->program) return 0;
    fuzz::expect(is_utf8(option->program->path), "a path is UTF-8");
    // What a new entry of that content says is the same.
    const auto again = parse_load_option(render_load_option(option->title, *option->program));
    fuzz::expect(again && again->program, "what is rendered is read");
    fuzz::expect(again->title == option->title, "the title stays");
    fuzz::expect(again->program->path == option->program->path, "the path stays");
    fuzz::expect(again->program->partition.is(option->program->partition), "the partition stays");
    return 0;
}
