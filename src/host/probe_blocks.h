// Which device a block target names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "host/probe_devices.h"
#include "host/probe_storage.h"
#include "model/target.h"

namespace cordwainer {

struct NamedDevice {
    const SystemDevice* named = nullptr;   // what has the name; null where nothing has it now
    const SystemDevice* device = nullptr;  // what to write to: the whole disk where that is wanted
    // What the name was found to be; device_path, label, or one of the three kinds of UUID.
    BlockId::Kind kind = BlockId::Kind::device_path;
    std::string why;  // there is none
};

// Looks the name up. `whole_disk`: the disk that has the file system or the partition is wanted.
// invalid_input where the name is that of several volumes, or the volume is on several disks. The
// members of one file system, array or multipath device are one volume.
[[nodiscard]] Result<NamedDevice> find_block(const BlockId& id, bool whole_disk, Storage& storage);

}  // namespace cordwainer
