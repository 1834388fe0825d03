// A file system as firmware and bootloaders reach it: what lies between the disk and its files.
// Boot-side data only: identifiers, never device paths.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/uuid.h"
#include "model/device_ref.h"

namespace cordwainer {

struct PartitionTable {
    enum class Kind { gpt, mbr };
    Kind kind = Kind::gpt;

    bool operator==(const PartitionTable&) const = default;
};

struct LuksContainer {
    int version = 2;  // 1 or 2
    Uuid uuid;
    std::vector<std::string> key_derivations;  // of each key slot: "pbkdf2", "argon2i", "argon2id"
    std::string cipher;                        // dm-crypt notation: "aes-xts-plain64"
    std::string hash;                          // "sha256"
    unsigned sector_size = 512;

    bool operator==(const LuksContainer&) const = default;
};

struct LogicalVolume {
    std::string group_uuid;   // LVM notation: "AbCdEf-…", 38 characters
    std::string volume_uuid;  // LVM notation
    std::string type;         // segment type: "linear", "striped", "raid1", "thin", "cache"

    bool operator==(const LogicalVolume&) const = default;
};

struct RaidArray {
    std::string uuid;      // 32 hexadecimal digits, as GRUB names arrays ("mduuid/…")
    std::string level;     // "raid0", "raid1", "raid4", "raid5", "raid6", "raid10"
    std::string metadata;  // "0.90", "1.0", "1.1", "1.2"

    bool operator==(const RaidArray&) const = default;
};

using StorageLayer = std::variant<PartitionTable, LuksContainer, LogicalVolume, RaidArray>;

struct Volume {
    std::vector<StorageLayer> layers;  // from the disk inwards
    std::string file_system;           // blkid's name: "ext4", "vfat", "btrfs", "xfs", "zfs_member"
    std::vector<std::string> features;  // on-disk feature flags in mke2fs's names: "inline_data"
    std::optional<Uuid> uuid;
    std::optional<std::string> label;
    // Why nothing of the above is known: something below it cannot be described, or not be read.
    std::optional<std::string> unknown = {};

    bool operator==(const Volume&) const = default;
};

// A volume and where the system has it mounted.
struct MountedVolume {
    std::string mount_point;  // absolute, inside the system: "/", "/boot"
    std::string prefix;       // the mounted directory inside the file system: "" or "/@root"
    Volume volume;

    bool operator==(const MountedVolume&) const = default;
};

// Whether `device` names this volume.
[[nodiscard]] bool names(const DeviceRef& device, const Volume& volume);

// The mounted volume that holds the absolute path `path`: the one with the longest mount point
// that `path` lies below. Null when none does.
[[nodiscard]] const MountedVolume* volume_of(const std::vector<MountedVolume>& volumes,
                                             const std::string& path);

}  // namespace cordwainer
