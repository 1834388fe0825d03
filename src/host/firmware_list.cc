#include "host/firmware_list.h"

#include <string>
#include <utility>

#include "core/bytes.h"

namespace cordwainer {
namespace {

Result<std::optional<std::uint16_t>> read_number(const FirmwareVariables& variables,
                                                 const std::string& name) {
    const std::optional<Bytes> value = TRY(variables.read(name, kEfiGlobal));
    if (!value) return std::optional<std::uint16_t>();
    if (value->size() == 2) return le16_at(*value, 0);
    return Error(Errc::corrupt, "the firmware's " + name + " is no number of an entry");
}

}  // namespace

Result<FirmwareList> read_firmware_list(const FirmwareVariables& variables) {
    BootEntries entries = TRY(read_boot_entries(variables));
    return FirmwareList{.entries = std::move(entries.known),
                        .unreadable = std::move(entries.unreadable),
                        .order = TRY(read_boot_order(variables)),
                        .current = TRY(read_number(variables, "BootCurrent")),
                        .next = TRY(read_number(variables, "BootNext"))};
}

}  // namespace cordwainer
