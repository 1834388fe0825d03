// The machine's block devices as sysfs tells of them: disks, their partitions, and what is made of
// them (device mapper, md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"

namespace cordwainer {

struct SystemDevice {
    std::string name;            // the kernel's: "sda2", "dm-0"
    std::filesystem::path node;  // "/dev/sda2"
    std::filesystem::path sys;   // its directory in sysfs
    std::uint64_t number = 0;    // dev_t
    std::uint64_t size = 0;      // bytes
    std::uint32_t sector_size = 512;
    // A partition: the device that it is a part of, and its number there.
    std::optional<std::string> disk;
    int partition = 0;
    std::vector<std::string> parts_of;  // the devices that it is made of, sorted
    std::string mapper_uuid;            // device mapper: "CRYPT-LUKS2-…", "LVM-…"
    bool is_array = false;              // md
};

class SystemDevices {
  public:
    // Reads SYS/class/block. What is removed meanwhile is left out.
    [[nodiscard]] static Result<SystemDevices> read(const std::filesystem::path& sys,
                                                    const std::filesystem::path& dev);

    [[nodiscard]] const std::vector<SystemDevice>& all() const { return all_; }

    // Null where there is none.
    [[nodiscard]] const SystemDevice* named(const std::string& name) const;
    [[nodiscard]] const SystemDevice* numbered(std::uint64_t number) const;

    // The device that `path` names, by any of its names in /dev ("/dev/disk/by-id/…"). Null where
    // that is no block device of this machine.
    [[nodiscard]] const SystemDevice* at(const std::string& path) const;

    // The devices that all of what is below `device` is on: those that it is made of, down to the
    // disks, and the disk of a partition. `whole`: without disks of which only a partition is used.
    [[nodiscard]] std::set<std::string> below(const SystemDevice& device, bool whole) const;

    // The disks that firmware knows, on which `device` is; itself, where it is one. Several for an
    // array. A multipath device is one disk, and its paths are none.
    [[nodiscard]] std::vector<const SystemDevice*> disks_of(const SystemDevice& device) const;

  private:
    void collect_below(const SystemDevice& device, bool whole, std::set<std::string>& found) const;

    std::vector<SystemDevice> all_;  // by name
    std::filesystem::path dev_;
};

// Device mapper over one disk, as the disk itself: several paths to it, or a firmware's array.
[[nodiscard]] bool is_mapped_disk(const SystemDevice& device);

// A partition that was mapped by a program (kpartx): "part1-mpath-…".
[[nodiscard]] bool is_mapped_partition(const SystemDevice& device);

}  // namespace cordwainer
