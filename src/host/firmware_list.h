// All that the firmware tells of what it starts, for those who only look: Boot####, BootOrder,
// BootCurrent and BootNext (UEFI 2.10, section 3.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "host/firmware_entries.h"
#include "host/firmware_variables.h"

namespace cordwainer {

struct FirmwareList {
    std::vector<BootEntry> entries;              // those whose form is known, by number
    std::vector<std::uint16_t> unreadable = {};  // the others' numbers
    // Which of BootOrder, BootCurrent and BootNext have no such value: for each the list is as if
    // there were none.
    std::vector<std::string> damaged = {};
    std::vector<std::uint16_t> order;      // in which they are tried
    std::optional<std::uint16_t> current;  // which has started the running system
    std::optional<std::uint16_t> next;     // which is tried once, before the order
};

// not_found where there are no variables (FirmwareVariables::check).
[[nodiscard]] Result<FirmwareList> read_firmware_list(const FirmwareVariables& variables);

}  // namespace cordwainer
