#include "host/loader_default.h"

namespace cordwainer {

Result<std::optional<std::string>> clear_loader_default(const FirmwareVariables& variables) {
    constexpr const char* kDefault = "LoaderEntryDefault";
    std::optional<std::string> named = TRY(variables.read_text(kDefault, kLoaderVendor));
    if (!named) return named;
    TRY_VOID(variables.remove(kDefault, kLoaderVendor)
                 .with_context("the firmware's variable LoaderEntryDefault, which names \"" +
                               *named + "\""));
    return named;
}

}  // namespace cordwainer
