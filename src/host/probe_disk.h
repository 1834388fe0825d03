// Where boot code could go on a disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "host/probe_signatures.h"
#include "model/target.h"

namespace cordwainer {

// Whether a partition of a GPT is for the boot code of BIOS.
[[nodiscard]] bool is_bios_boot(const TablePartition& partition);

// What is on the device `node`, whose partition table is `table`. unsupported where that is neither
// GPT nor MBR.
[[nodiscard]] Result<ObservedDisk> observe_disk(const std::filesystem::path& node,
                                                std::uint32_t sector_size,
                                                const std::optional<DiskTable>& table);

}  // namespace cordwainer
