#include "apply/inventory.h"

#include <string>

#include "fuzz/fuzz_target.h"

using namespace cordwainer;  // NOLINT(google-build-using-namespace)

namespace {

void check(std::string_view text) {
    const auto inventory = parse_inventory(text, "input");
    if (!inventory) {
        fuzz::expect(inventory.error().code == Errc::corrupt, "damage is corrupt");
        return;
    }
    const auto again = parse_inventory(render_inventory(*inventory), "again");
    fuzz::expect(again.has_value(), "what is written can be read");
    fuzz::expect(*again == *inventory, "parse(render(x)) == x");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check(text);
    // And with a digest that is right, which no fuzzer finds by itself.
    check("cordwainer-inventory/1 7 " + sha256(text).hex() + "\n" + std::string(text));
    return 0;
}
