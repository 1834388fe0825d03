#include "host/probe_blocks.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <span>
#include <string_view>
#include <sys/sysmacros.h>
#include <utility>

namespace cordwainer {
namespace {

using Kind = BlockId::Kind;
using Devices = std::vector<const SystemDevice*>;

bool same_text(std::string_view a, std::string_view b) {
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string names_of(const Devices& devices) {
    std::string text;
    for (const SystemDevice* device : devices) {
        if (!text.empty()) text += device == devices.back() ? " and " : ", ";
        text += device->node.string();
    }
    return text;
}

std::string name_of(const BlockId& id, Kind kind) {
    if (kind == Kind::label) return "the label \"" + id.value + "\"";
    if (kind == Kind::file_system_uuid) return "the file system UUID " + id.value;
    if (kind == Kind::partition_uuid) return "the partition UUID " + id.value;
    if (kind == Kind::partition_table_uuid) return "the partition table UUID " + id.value;
    return "the UUID " + id.value;
}

class Finder {
  public:
    explicit Finder(Storage& storage) : storage_(storage), devices_(storage.devices()) {}

    // All devices of that name, without the members of what has the name too.
    Devices named(const BlockId& id, Kind kind) {
        Devices found;
        for (const SystemDevice& device : devices_.all()) {
            constexpr unsigned kFloppy = 2;  // slow, and there without a medium
            if (device.size == 0 || major(device.number) == kFloppy) continue;
            add(id, kind, device, found);
        }
        return without_members(found);
    }

    // The devices as volumes: a btrfs of several devices is one. Two members of one number are
    // copies.
    std::vector<Devices> volumes(const Devices& devices) {
        std::vector<Devices> groups;
        for (const SystemDevice* device : devices) {
            const auto group = std::ranges::find_if(groups, [&](const Devices& others) {
                return std::ranges::all_of(others, [&](const SystemDevice* other) {
                    return are_members(*device, *other);
                });
            });
            if (group == groups.end()) {
                groups.push_back({device});
            } else {
                group->push_back(device);
            }
        }
        return groups;
    }

    // " (/dev/sdb: Input/output error)", of the first device that could not be read.
    [[nodiscard]] const std::string& unread() const { return unread_; }

  private:
    void add(const BlockId& id, Kind kind, const SystemDevice& device, Devices& found) {
        if (kind == Kind::label || kind == Kind::file_system_uuid) {
            if (!storage_.may_hold_file_system(device)) return;
            const auto& signature = storage_.signature(device);
            note_unread(signature);
            if (!signature || (signature->usage != Signature::Usage::file_system &&
                               signature->usage != Signature::Usage::container)) {
                return;
            }
            const bool same = kind == Kind::label ? signature->label == id.value
                                                  : same_text(signature->uuid, id.value);
            if (same) found.push_back(&device);
            return;
        }
        if (device.disk) return;
        const auto& table = storage_.table(device);
        note_unread(table);
        if (!table || !*table) return;
        if (kind == Kind::partition_table_uuid) {
            if (same_text((*table)->uuid, id.value)) found.push_back(&device);
            return;
        }
        for (const TablePartition& partition : (*table)->partitions) {
            if (!same_text(partition.uuid, id.value)) continue;
            if (const SystemDevice* part = partition_of(device, partition.number))
                found.push_back(part);
        }
    }

    [[nodiscard]] const SystemDevice* partition_of(const SystemDevice& disk, int number) const {
        const std::string mapped = "part" + std::to_string(number) + "-";
        for (const SystemDevice& device : devices_.all()) {
            if (device.disk == disk.name && device.partition == number) return &device;
            if (is_mapped_partition(device) && device.mapper_uuid.starts_with(mapped) &&
                device.parts_of.front() == disk.name) {
                return &device;
            }
        }
        return nullptr;
    }

    template <class T>
    void note_unread(const Result<T>& read) {
        if (read || !unread_.empty()) return;
        const int err = read.error().sys_errno;
        if (err == ENOMEDIUM || err == ENXIO) return;
        unread_ = " (" + read.error().message() + ")";
    }

    [[nodiscard]] Devices without_members(const Devices& found) const {
        Devices kept;
        for (const SystemDevice* device : found) {
            const bool member = std::ranges::any_of(found, [&](const SystemDevice* other) {
                const auto below = devices_.below(*other, true);
                return below.contains(device->name) ||
                       (device->disk && below.contains(*device->disk));
            });
            if (!member) kept.push_back(device);
        }
        return kept;
    }

    bool are_members(const SystemDevice& a, const SystemDevice& b) {
        const auto& one = storage_.signature(a);
        const auto& other = storage_.signature(b);
        return one && other && one->type == "btrfs" && other->type == "btrfs" &&
               one->uuid == other->uuid && one->member != other->member;
    }

    Storage& storage_;
    const SystemDevices& devices_;
    std::string unread_;
};

Result<NamedDevice> find_path(const std::string& path, bool whole_disk, const Storage& storage) {
    NamedDevice found;
    found.named = found.device = storage.devices().at(path);
    if (!found.named) {
        found.why = path + " is no block device of this machine now";
        return found;
    }
    const Devices disks = storage.devices().disks_of(*found.named);
    if (!whole_disk || disks == Devices{found.named}) return found;
    return Error(Errc::invalid_input,
                 path + " is no whole disk: it lies on " + names_of(disks) +
                     ", which would be the one to name");
}

}  // namespace

Result<NamedDevice> find_block(const BlockId& id, bool whole_disk, Storage& storage) {
    if (id.kind == Kind::this_image) {
        return Error(Errc::invalid_input, "a machine has no disk image that is being made");
    }
    if (id.kind == Kind::device_path) return find_path(id.value, whole_disk, storage);
    constexpr Kind kUuids[] = {
        Kind::file_system_uuid, Kind::partition_uuid, Kind::partition_table_uuid};
    const std::span<const Kind> kinds =
        id.kind == Kind::any_uuid ? std::span(kUuids) : std::span(&id.kind, 1);
    Finder finder(storage);
    for (const Kind kind : kinds) {
        const Devices devices = finder.named(id, kind);
        if (devices.empty()) continue;
        const std::vector<Devices> volumes = finder.volumes(devices);
        if (volumes.size() > 1) {
            return Error(Errc::invalid_input,
                         names_of(devices) + " have all " + name_of(id, kind) +
                             ": name the one that is meant by something else");
        }
        Devices disks = whole_disk ? Devices{} : volumes.front();
        for (const SystemDevice* device : volumes.front()) {
            if (!whole_disk) break;
            for (const SystemDevice* disk : storage.devices().disks_of(*device)) {
                if (std::ranges::find(disks, disk) == disks.end()) disks.push_back(disk);
            }
        }
        if (disks.size() != 1) {
            return Error(Errc::invalid_input,
                         name_of(id, kind) + " is that of a volume on " + names_of(disks) +
                             ": name each of them by the UUID of its partition table (`ptuuid`)");
        }
        return NamedDevice{
            .named = volumes.front().front(), .device = disks.front(), .kind = kind, .why = {}};
    }
    return NamedDevice{
        .named = nullptr,
        .device = nullptr,
        .kind = id.kind,
        .why = "nothing on this machine has " + name_of(id, id.kind) + " now" + finder.unread()};
}

}  // namespace cordwainer
