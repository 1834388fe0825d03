// Whether firmware and systemd-boot can read a partition.
#pragma once

#include "core/error.h"
#include "model/target.h"

namespace cordwainer::systemd_boot {

// Refuses an ESP that firmware cannot read.
[[nodiscard]] Result<void> check_esp(const Target& target);

// Refuses an extended boot loader partition that systemd-boot does not find or cannot read.
[[nodiscard]] Result<void> check_boot(const Target& target);

}  // namespace cordwainer::systemd_boot
