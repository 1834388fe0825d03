#include "image/volumes.h"

#include <fmt/format.h>

#include "image/ext4.h"
#include "image/placement.h"
#include "model/planning.h"

namespace cordwainer::image {
namespace {

Volume volume_in(const Layout& layout, const Partition& partition) {
    Volume volume;
    volume.layers.emplace_back(PartitionTable{.kind = layout.table == TableKind::mbr
                                                          ? PartitionTable::Kind::mbr
                                                          : PartitionTable::Kind::gpt});
    if (const auto& encryption = partition.encryption) {
        volume.layers.emplace_back(LuksContainer{.version = encryption->version,
                                                 .uuid = *encryption->uuid,
                                                 .key_derivations = {encryption->pbkdf},
                                                 .cipher = "aes-xts-plain64",
                                                 .hash = encryption->hash,
                                                 .sector_size = encryption->sector_size});
    }
    volume.file_system = name_of(partition.file_system);
    if (partition.file_system == FileSystem::ext4) volume.features = ext4_features();
    volume.uuid = partition.file_system_uuid;
    volume.label = partition.file_system_label;
    return volume;
}

TargetSpec image_spec(const TargetSpec& configured) {
    TargetSpec spec = configured;
    spec.block = {.kind = BlockId::Kind::this_image, .value = ""};
    return spec;
}

// One `disk` target at most; every other specification as it is.
Result<std::vector<TargetSpec>> specs_in_image(const std::vector<TargetSpec>& configured) {
    std::vector<TargetSpec> specs;
    bool disk = false;
    for (const TargetSpec& spec : configured) {
        if (spec.type == TargetType::file) {
            specs.push_back(spec);
        } else if (spec.tag != "disk") {
            return Error{Errc::invalid_input,
                         fmt::format("{}: {}: an image has no other block target than its disk",
                                     spec.location.text(),
                                     spec.tag)};
        } else if (!disk) {
            disk = true;
            specs.push_back(image_spec(spec));
        }
    }
    return specs;
}

ObservedDisk disk_of(const Layout& layout) {
    ObservedDisk disk;
    if (layout.table == TableKind::mbr) {
        disk.table = PartitionTable::Kind::mbr;
        disk.gap = mbr_gap(layout);
    } else {
        disk.table = PartitionTable::Kind::gpt;
        disk.bios_boot = bios_boot_range(layout);
    }
    return disk;
}

// `path` seen from inside its volume: "/@root/boot/grub"; "" for the file system's own root.
std::string offset_in(const MountedVolume& volume, const std::string& path) {
    const std::string below =
        volume.mount_point == "/" ? path : path.substr(volume.mount_point.size());
    return volume.prefix + (below == "/" ? "" : below);
}

}  // namespace

std::vector<MountedVolume> volumes_of(const Layout& layout) {
    std::vector<MountedVolume> volumes;
    for (const Mount& mount : mounts_of(layout)) {
        volumes.push_back({.mount_point = mount.path,
                           .prefix = mount.prefix,
                           .volume = volume_in(layout, layout.partitions[mount.partition])});
    }
    return volumes;
}

Result<std::vector<Target>> targets_for(const Layout& layout,
                                        const std::vector<TargetSpec>& configured) {
    const std::vector<TargetSpec> specs = TRY(specs_in_image(configured));
    const std::vector<TargetId> ids = target_ids(specs);
    const std::vector<MountedVolume> volumes = volumes_of(layout);
    std::vector<Target> targets;
    for (std::size_t i = 0; i < specs.size(); ++i) {
        const TargetSpec& spec = specs[i];
        Target target;
        target.id = ids[i];
        target.tag = spec.tag;
        target.type = spec.type;
        target.spec = spec;
        if (spec.type == TargetType::block) {
            target.observed = disk_of(layout);
            targets.push_back(std::move(target));
            continue;
        }
        const MountedVolume* volume = volume_of(volumes, spec.path);
        if (!volume) {
            return Error{Errc::invalid_input,
                         fmt::format("{}: {}: no partition of {} holds {}: set mount in one",
                                     spec.location.text(),
                                     spec.tag,
                                     layout.file,
                                     spec.path)};
        }
        target.boot = {.offset = offset_in(*volume, spec.path),
                       .label = volume->volume.label,
                       .uuid = volume->volume.uuid,
                       .volume = volume->volume};
        target.observed = ObservedFiles{};
        targets.push_back(std::move(target));
    }
    return targets;
}

}  // namespace cordwainer::image
