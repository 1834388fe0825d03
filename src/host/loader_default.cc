#include "host/loader_default.h"

#include "core/bytes.h"
#include "formats/efi_load_option.h"

namespace cordwainer {

Result<std::optional<std::string>> clear_loader_default(const FirmwareVariables& variables) {
    constexpr const char* kDefault = "LoaderEntryDefault";
    const std::optional<Bytes> value = TRY(variables.read(kDefault, kLoaderVendor));
    if (!value) return std::optional<std::string>();
    std::string named = from_utf16(*value);
    TRY_VOID(variables.remove(kDefault, kLoaderVendor)
                 .with_context("the firmware's variable LoaderEntryDefault, which names \"" +
                               named + "\""));
    return std::optional(std::move(named));
}

}  // namespace cordwainer
