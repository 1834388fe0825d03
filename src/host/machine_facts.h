// What can be seen of a machine before anything is installed on it: its firmware, its disks and EFI
// system partitions, and what starts it now.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "host/probe.h"
#include "model/target.h"
#include "model/volume.h"
#include "sys/root.h"

namespace cordwainer {

// An entry of the firmware's list that names a program on a partition.
struct LoaderEntry {
    std::string title;  // "debian"
    std::string path;   // below the partition's root: "EFI/debian/shimx64.efi"

    bool operator==(const LoaderEntry&) const = default;
};

struct FirmwareFacts {
    // What the firmware says of Secure Boot; `unknown` where there is no such variable.
    enum class SecureBoot { unknown, off, on };

    bool uefi = false;
    int bits = 64;          // UEFI: what its programs are compiled for
    std::string processor;  // as uname(1) has it: "x86_64", "aarch64"
    SecureBoot secure_boot = SecureBoot::unknown;
    // UEFI: those that it tries by itself, in that order; nothing where its variables cannot be
    // read, as those of the system that is looked at.
    std::optional<std::vector<LoaderEntry>> entries = {};

    bool operator==(const FirmwareFacts&) const = default;
};

// A disk that firmware can boot from.
struct DiskFacts {
    enum class BootCode { none, grub, another };

    std::string node;    // "/dev/sda"
    std::string name;    // one that stays: "/dev/disk/by-id/…"; "" where it has none
    std::string vendor;  // what is printed on it, as far as it tells: "QEMU HARDDISK"
    std::uint64_t bytes = 0;
    bool removable = false;
    bool of_system = false;  // / or /boot lie on it
    std::string table_uuid;  // "" where it has no partition table, or one without
    ObservedDisk observed;
    BootCode boot_code = BootCode::none;  // in its first sector

    bool operator==(const DiskFacts&) const = default;
};

// An EFI system partition.
struct EspFacts {
    std::string node;  // "/dev/sda1"
    std::string disk;  // "/dev/sda"
    std::uint64_t bytes = 0;
    std::string uuid;                        // of its file system; "" where it has none
    std::optional<std::string> mount_point;  // inside the system
    std::vector<std::string> programs;       // where mounted: "EFI/debian/grubx64.efi", sorted

    bool operator==(const EspFacts&) const = default;
};

struct MachineFacts {
    FirmwareFacts firmware;
    std::vector<DiskFacts> disks;  // by name
    std::vector<EspFacts> esps;    // by disk, in the order of its partitions
    std::vector<MountedVolume> volumes;
    std::map<std::string, std::uint64_t> free_bytes;  // by mount point
    std::vector<std::string> unseen;  // what could not be looked at, and why; one sentence each

    bool operator==(const MachineFacts&) const = default;
};

// Looks at the machine that runs this, and at the mounts of `system`. What cannot be read is in
// `unseen`; an error only where nothing can be said.
[[nodiscard]] Result<MachineFacts> look_at_machine(const Root& system,
                                                   const MachinePlaces& places = {});

}  // namespace cordwainer
