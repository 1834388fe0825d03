#include "host/firmware_partition.h"

#include <algorithm>
#include <optional>

#include "host/probe_devices.h"
#include "host/probe_mounts.h"
#include "host/probe_signatures.h"

namespace cordwainer {

Result<EfiPartition> firmware_partition(const Root& system,
                                        const std::string& path,
                                        const MachinePlaces& places) {
    const MountTable mounts = TRY(MountTable::read(places.mountinfo));
    const SystemDevices devices = TRY(SystemDevices::read(places.sys, places.dev));
    const Mount* mount = mounts.of(without_slashes_at_end(system.outside(path)));
    const SystemDevice* device = mount ? devices.numbered(mount->device) : nullptr;
    const SystemDevice* disk = device && device->disk ? devices.named(*device->disk) : nullptr;
    const Error no_partition(
        Errc::unsupported,
        path + " does not lie on one partition of a disk, from which firmware starts programs");
    if (!disk) return no_partition;
    const std::optional<DiskTable> table = TRY(read_table(disk->node, disk->sector_size));
    if (!table) return no_partition;
    const auto found =
        std::ranges::find(table->partitions, device->partition, &TablePartition::number);
    if (found == table->partitions.end()) return no_partition;
    std::optional<EfiPartition> partition = efi_partition(found->uuid);
    if (!partition) return no_partition;
    partition->number = static_cast<std::uint32_t>(found->number);
    partition->first_lba = found->first_byte / disk->sector_size;
    partition->sectors = found->bytes / disk->sector_size;
    return *partition;
}

}  // namespace cordwainer
