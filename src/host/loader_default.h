// The default that was stored in the firmware for systemd-boot (`bootctl set-default`), which
// overrides the one of its loader.conf.
#pragma once

#include <optional>
#include <string>

#include "core/error.h"
#include "host/firmware_variables.h"

namespace cordwainer {

// Clears it; what it named, nothing where it was not set or there are no variables.
[[nodiscard]] Result<std::optional<std::string>> clear_loader_default(
    const FirmwareVariables& variables);

}  // namespace cordwainer
