// Targets: where an installer writes. What is known about one while installing and what stays true
// when booting are two types, and only the second reaches a planner.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/location.h"
#include "core/rel_path.h"
#include "core/uuid.h"
#include "model/volume.h"

namespace cordwainer {

enum class TargetType { file, block };

// Names one target of one bootloader in a plan: "files", "esp", and "esp.2" for the second.
struct TargetId {
    std::string text;

    auto operator<=>(const TargetId&) const = default;
};

// What a block target is looked up by. `any` tries file system, partition, then partition table.
struct BlockId {
    enum class Kind {
        device_path,
        label,
        any_uuid,
        file_system_uuid,
        partition_uuid,
        partition_table_uuid,
        this_image,  // the image file being made (targets tagged `disk`)
    };
    Kind kind = Kind::device_path;
    std::string value;  // empty for this_image

    bool operator==(const BlockId&) const = default;
};

// A target as the configuration names it.
struct TargetSpec {
    std::string tag;
    TargetType type = TargetType::file;
    std::string path;   // type file: absolute, inside the system
    BlockId block;      // type block
    Location location;  // of the configuration value, for messages

    bool operator==(const TargetSpec&) const = default;
};

// Consecutive sectors of a disk.
struct SectorRange {
    std::uint64_t first_lba = 0;
    std::uint64_t count = 0;

    bool operator==(const SectorRange&) const = default;
};

// What stays true of a target when the machine boots.
struct BootSide {
    // Type file: the target's path inside its file system, with a leading "/" and any btrfs
    // subvolume in front ("/@root/boot/grub"); "" where it is the file system's own root.
    std::optional<std::string> offset;
    std::optional<std::string> label;  // of the file system
    // Of the file system; explicitly none where the target was named by a partition's or a
    // partition table's UUID.
    std::optional<Uuid> uuid;
    // Type file: the file system that the target lies on, with what is below it.
    std::optional<Volume> volume;

    bool operator==(const BootSide&) const = default;
};

// What is on a file target's volume now.
struct ObservedFiles {
    std::optional<std::uint64_t> free_bytes;  // none: unlimited, or settled later (an image's tree)

    bool operator==(const ObservedFiles&) const = default;
};

// What is on a block target now.
struct ObservedDisk {
    std::uint32_t sector_size = 512;
    std::optional<PartitionTable::Kind> table;  // none: no partition table
    std::optional<SectorRange> bios_boot;       // GPT: the BIOS boot partition
    std::optional<SectorRange> gap;             // MBR: between LBA 1 and the first partition
    bool unknown_data = false;                  // the range above holds data that is not a boot
                                                // image of ours

    bool operator==(const ObservedDisk&) const = default;
};

using ObservedTarget = std::variant<ObservedFiles, ObservedDisk>;

// A target as planners see it. The executor alone binds `id` to a mount, a path or a device.
struct Target {
    TargetId id;
    std::string tag;
    TargetType type = TargetType::file;
    TargetSpec spec;  // for messages and for the plan; never for boot artefacts
    BootSide boot;
    ObservedTarget observed;

    bool operator==(const Target&) const = default;
};

// Tag → boot-side data of each of its targets, in configuration order. Every installer sees it all.
using TargetMap = std::map<std::string, std::vector<BootSide>>;

}  // namespace cordwainer
