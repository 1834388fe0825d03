#include "formats/boot_parameters.h"

#include "core/utf8.h"
#include "fuzz/fuzz_target.h"

using namespace cordwainer;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parameters = parse_boot_parameters("input", fuzz::text_of(data, size));
    if (!parameters) {
        fuzz::expect(parameters.error().message().starts_with("input:"),
                     "an error names its place");
        return 0;
    }
    const std::string line = guix_command_line(*parameters, "/link");
    fuzz::expect(is_utf8(line) && is_utf8(parameters->label), "texts are UTF-8");
    fuzz::expect(line.find('\0') == std::string::npos, "the kernel gets the whole line");
    const bool old_names = parameters->version == 0;
    const char* load =
        old_names ? "--system=/link --load=/link/boot" : "gnu.system=/link gnu.load=/link/boot";
    fuzz::expect(line.find(load) != std::string::npos, "the system is named");
    fuzz::expect(parameters->kernel.starts_with('/'), "the kernel's path is absolute");
    for (const auto& module : parameters->multiboot_modules) {
        fuzz::expect(!module.empty(), "a module has a path");
    }
    return 0;
}
