#include "host/probe_storage.h"

#include <algorithm>
#include <sstream>
#include <system_error>

#include "host/probe_disk.h"
#include "host/probe_luks.h"
#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer {
namespace {

constexpr std::string_view kLvm = "LVM-";
constexpr std::size_t kLvmId = 32;

// LVM writes an identifier with dashes after 6, 10, 14, 18, 22 and 26 characters.
std::string lvm_notation(std::string id) {
    for (const std::size_t at : {26U, 22U, 18U, 14U, 10U, 6U}) id.insert(at, "-");
    return id;
}

// The volume group of a logical volume, "" where the device is none.
std::string group_of(const SystemDevice& device) {
    const bool is_volume = device.mapper_uuid.starts_with(kLvm) &&
                           device.mapper_uuid.size() >= kLvm.size() + 2 * kLvmId;
    return is_volume ? device.mapper_uuid.substr(kLvm.size(), kLvmId) : "";
}

Result<std::string> line_in(const std::filesystem::path& path) {
    std::string text = TRY(read_text_file(path));
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

template <class Cache, class Read>
const auto& cached(Cache& cache, const SystemDevice& device, Read read) {
    auto found = cache.find(device.name);
    if (found == cache.end()) found = cache.emplace(device.name, read()).first;
    return found->second;
}

}  // namespace

const Result<Signature>& Storage::signature(const SystemDevice& device) {
    return cached(signatures_, device, [&] { return read_signature(device.node); });
}

const Result<std::optional<DiskTable>>& Storage::table(const SystemDevice& device) {
    return cached(tables_, device, [&] { return read_table(device.node, device.sector_size); });
}

bool Storage::may_hold_file_system(const SystemDevice& device) {
    const SystemDevice* const disk = device.disk ? devices_.named(*device.disk) : &device;
    const Result<std::optional<DiskTable>>* const its = disk ? &table(*disk) : nullptr;
    if (!its || !*its || !**its) return true;
    if (disk == &device) return false;
    return std::ranges::none_of((**its)->partitions, [&](const TablePartition& partition) {
        return partition.number == device.partition && is_bios_boot(partition);
    });
}

const Result<Volume>& Storage::volume(const SystemDevice& device) {
    return cached(volumes_, device, [&] { return read_volume(device); });
}

Result<Volume> Storage::read_volume(const SystemDevice& device) {
    const Signature found = TRY(Result<Signature>(signature(device)));
    if (!found.has_file_system())
        return Error(Errc::not_found, device.node.string() + " has no file system that is known");
    Volume volume;
    volume.file_system = found.type;
    volume.uuid = Uuid::parse(found.uuid);
    volume.label = found.label;
    volume.features = TRY(read_features(device.node, found.type));
    const auto parts = TRY(members(device, found));
    for (const SystemDevice* part : parts) TRY_VOID(add_layers(*part, "", volume.layers));
    return volume;
}

// A btrfs may lie on several devices, and all of them are needed to read it.
Result<std::vector<const SystemDevice*>> Storage::members(const SystemDevice& device,
                                                          const Signature& signature) const {
    std::vector<const SystemDevice*> found{&device};
    if (signature.type != "btrfs") return found;
    const std::filesystem::path directory = sys_ / "fs" / "btrfs" / signature.uuid / "devices";
    std::error_code failed;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entries(directory, failed);
    for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
        names.push_back(entries->path().filename().string());
    }
    std::ranges::sort(names);
    for (const std::string& name : names) {
        const SystemDevice* member = devices_.named(name);
        if (member && member != &device) found.push_back(member);
    }
    return found;
}

Result<void> Storage::add_table(const SystemDevice& disk, Layers& layers) {
    const auto found = TRY(Result<std::optional<DiskTable>>(table(disk)));
    const std::string type = found ? found->type : "unknown";
    PartitionTable layer;
    if (type == "dos") {
        layer.kind = PartitionTable::Kind::mbr;
    } else if (type != "gpt") {
        return Error(Errc::unsupported,
                     disk.node.string() + " has a partition table of type " + type +
                         ", which is neither GPT nor MBR");
    }
    if (std::ranges::find(layers, StorageLayer(layer)) == layers.end()) layers.emplace_back(layer);
    return {};
}

// From the disks inwards, each layer once: the members of an array are usually partitions of disks
// of one kind. `group`: the volume group of the logical volume that this is a part of.
Result<void> Storage::add_layers(const SystemDevice& device,
                                 const std::string& group,
                                 Layers& layers) {
    if (device.disk) {
        const SystemDevice* disk = devices_.named(*device.disk);
        if (!disk) return Error(Errc::not_found, "the disk of " + device.name + " is gone");
        TRY_VOID(add_layers(*disk, "", layers));
        return add_table(*disk, layers);
    }
    if (device.parts_of.empty() || is_mapped_disk(device)) return {};
    const std::string own_group = group_of(device);
    std::vector<const SystemDevice*> parts;
    for (const std::string& name : device.parts_of) {
        const SystemDevice* part = devices_.named(name);
        if (!part) return Error(Errc::not_found, name + ", a part of " + device.name + ", is gone");
        TRY_VOID(add_layers(*part, own_group, layers));
        parts.push_back(part);
    }
    if (is_mapped_partition(device)) return add_table(*parts.front(), layers);
    if (device.is_array) {
        layers.emplace_back(TRY(array(device)));
    } else if (device.mapper_uuid.starts_with("CRYPT-LUKS")) {
        layers.emplace_back(TRY(read_luks(parts.front()->node)));
    } else if (own_group.empty()) {
        return Error(Errc::unsupported,
                     device.node.string() + " is made of " + parts.front()->node.string() +
                         " in a way that is not known here" +
                         (device.mapper_uuid.empty() ? "" : " (" + device.mapper_uuid + ")"));
    } else if (own_group != group) {  // else it is a part of a volume, which no loader sees
        layers.emplace_back(TRY(logical_volume(device)));
    }
    return {};
}

Result<RaidArray> Storage::array(const SystemDevice& device) {
    RaidArray found;
    found.level = TRY(line_in(device.sys / "md" / "level"));
    found.metadata = TRY(line_in(device.sys / "md" / "metadata_version"));
    const SystemDevice* member = devices_.named(device.parts_of.front());
    const Signature signature = TRY(Result<Signature>(this->signature(*member)));
    found.uuid = signature.uuid;  // of metadata 0.90 too, libblkid has GRUB's order of bytes
    std::erase(found.uuid, '-');
    return found;
}

Result<LogicalVolume> Storage::logical_volume(const SystemDevice& device) {
    const std::string ids = device.mapper_uuid.substr(kLvm.size());
    LogicalVolume volume{.group_uuid = lvm_notation(ids.substr(0, kLvmId)),
                         .volume_uuid = lvm_notation(ids.substr(kLvmId, kLvmId)),
                         .type = "linear"};
    // Every other type has parts that are volumes themselves, or lies on several devices.
    const SystemDevice* part = devices_.named(device.parts_of.front());
    if (device.parts_of.size() > 1 || group_of(*part) == group_of(device))
        volume.type = TRY(segment_type(volume.volume_uuid));
    return volume;
}

// One line for each segment; a volume is as hard to read as its hardest segment.
Result<std::string> Storage::segment_type(const std::string& volume_uuid) {
    const SpawnOutput lines =
        TRY(spawn({.arguments = {"lvs", "--noheadings", "--all", "--options", "lv_uuid,segtype"}}));
    std::istringstream words(lines.output);
    std::string uuid;
    std::string type;
    std::string found;
    while (words >> uuid >> type) {
        if (uuid == volume_uuid && (found.empty() || found == "linear")) found = type;
    }
    if (!found.empty()) return found;
    return Error(Errc::not_found, "lvs does not name the logical volume " + volume_uuid);
}

}  // namespace cordwainer
