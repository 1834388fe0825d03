// The partition that a directory lies on, as firmware names it.
#pragma once

#include <string>

#include "core/error.h"
#include "formats/efi_load_option.h"
#include "host/probe.h"
#include "sys/root.h"

namespace cordwainer {

// Of the file system that is mounted where `path`, inside the system, lies. unsupported where that
// is on something else than one partition of a GPT or MBR: firmware starts programs from
// partitions only.
[[nodiscard]] Result<EfiPartition> firmware_partition(const Root& system,
                                                      const std::string& path,
                                                      const MachinePlaces& places = {});

}  // namespace cordwainer
