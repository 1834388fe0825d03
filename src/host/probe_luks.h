// LUKS headers (On-Disk Format Specification 1.2.3; LUKS2 On-Disk Format Specification 1.0.0).
#pragma once

#include <filesystem>

#include "core/error.h"
#include "model/volume.h"

namespace cordwainer {

// Reads the header at the beginning of a device. corrupt where there is none, or none that makes
// sense.
[[nodiscard]] Result<LuksContainer> read_luks(const std::filesystem::path& node);

}  // namespace cordwainer
