#include "cli/config_toml.h"

#include <string>

#include "bootloaders/registry.h"
#include "cli/config_file.h"
#include "fuzz/fuzz_target.h"

using namespace cordwainer;  // NOLINT(google-build-using-namespace)

namespace {

// The values with all places dropped: those differ between a file and its rendering.
ConfigValue without_places(ConfigValue value) {
    value.location = {};
    value.key_location = {};
    if (auto* list = std::get_if<ConfigList>(&value.value)) {
        for (ConfigValue& element : *list) element = without_places(std::move(element));
    } else if (auto* table = std::get_if<ConfigTable>(&value.value)) {
        for (auto& entry : *table) entry.second = without_places(std::move(entry.second));
    }
    return value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<Bootloader> kBootloaders = all_bootloaders();
    const std::string_view text = fuzz::text_of(data, size);
    // Whatever the text is, the whole check says yes or says where it is wrong.
    const auto config = cli::read_config(text, "input", kBootloaders);
    fuzz::expect(config || config.error().message().find("input") != std::string::npos,
                 "an error names its place");

    const auto value = cli::parse_toml(text, "input");
    if (!value) {
        fuzz::expect(!config, "a configuration that is no TOML is refused");
        return 0;
    }
    const auto again = cli::parse_toml(cli::render_toml(*value), "rendered");
    fuzz::expect(again.has_value(), "what is rendered can be read");
    fuzz::expect(without_places(*value) == without_places(*again), "parse(render(x)) == x");
    return 0;
}
