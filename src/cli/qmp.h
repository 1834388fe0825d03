// Taking a picture of a QEMU machine's screen through its control socket (QMP, QEMU's
// docs/interop/qmp-spec.txt).
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "core/error.h"

namespace cordwainer::cli {

// Waits for the socket `qmp` in `directory`, lets the machine run for `after`, writes its screen to
// the PNG file `picture` and ends the machine. Ends early with an error when `running` says that
// the machine is gone, and when cordwainer is asked to stop.
[[nodiscard]] Result<void> take_picture(const std::filesystem::path& directory,
                                        std::chrono::milliseconds after,
                                        const std::filesystem::path& picture,
                                        const std::function<bool()>& running);

}  // namespace cordwainer::cli
