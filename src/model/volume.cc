#include "model/volume.h"

namespace cordwainer {

bool names(const DeviceRef& device, const Volume& volume) {
    if (const auto* uuid = std::get_if<Uuid>(&device)) return volume.uuid == *uuid;
    if (const auto* label = std::get_if<FileSystemLabel>(&device))
        return volume.label == label->text;
    return false;
}

const MountedVolume* volume_of(const std::vector<MountedVolume>& volumes, const std::string& path) {
    const MountedVolume* best = nullptr;
    for (const MountedVolume& candidate : volumes) {
        const std::string& mount = candidate.mount_point;
        const bool below = mount == "/" || path == mount || path.starts_with(mount + "/");
        if (below && (!best || mount.size() > best->mount_point.size())) best = &candidate;
    }
    return best;
}

}  // namespace cordwainer
