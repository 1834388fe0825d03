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

// One damaged variable hides no other.
template <class T>
Result<void> read_into(T& value, Result<T> read, const char* name, FirmwareList& list) {
    if (read) {
        value = *std::move(read);
    } else if (read.error().code == Errc::corrupt) {
        list.damaged.emplace_back(name);
    } else {
        return read.error();
    }
    return {};
}

}  // namespace

Result<FirmwareList> read_firmware_list(const FirmwareVariables& variables) {
    BootEntries entries = TRY(read_boot_entries(variables));
    FirmwareList list{.entries = std::move(entries.known),
                      .unreadable = std::move(entries.unreadable),
                      .order = {},
                      .current = {},
                      .next = {}};
    TRY_VOID(read_into(list.order, read_boot_order(variables), "BootOrder", list));
    for (auto [name, value] : {std::pair("BootCurrent", &list.current), {"BootNext", &list.next}})
        TRY_VOID(read_into(*value, read_number(variables, name), name, list));
    return list;
}

}  // namespace cordwainer
