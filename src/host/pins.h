// The generations that are never deleted because somebody said so: STATE/pins.json, format
// "cordwainer-pins/1" (docs/formats.md).
#pragma once

#include <filesystem>
#include <vector>

#include "apply/installed.h"
#include "core/error.h"

namespace cordwainer {

// In the order of their numbers; none where nothing was pinned. A pin counts for a generation of
// the same identity only: the caller compares. corrupt where the file cannot be understood, with
// what to do.
[[nodiscard]] Result<std::vector<GenerationId>> read_pins(const std::filesystem::path& state);

// Makes these the pins, durably and at once; the directory is made.
[[nodiscard]] Result<void> write_pins(const std::filesystem::path& state,
                                      std::vector<GenerationId> pins);

}  // namespace cordwainer
