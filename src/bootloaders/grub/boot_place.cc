#include "bootloaders/grub/boot_place.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace cordwainer::grub {
namespace {

// "/" + what is left of the absolute path `path` below `mount_point`, or nothing where it does not
// lie below.
std::optional<std::string> below(const std::string& path, std::string mount_point) {
    while (mount_point.ends_with('/')) mount_point.pop_back();
    if (!path.starts_with(mount_point)) return std::nullopt;
    std::string rest = path.substr(mount_point.size());
    if (!rest.starts_with('/')) return std::nullopt;
    return rest;
}

std::string with_prefix(std::string prefix, const std::string& path) {
    while (prefix.ends_with('/')) prefix.pop_back();
    if (!prefix.empty() && !prefix.starts_with('/')) prefix.insert(0, "/");
    return prefix + path;
}

DeviceRef device_of(const std::optional<Uuid>& uuid, const std::optional<std::string>& label) {
    if (uuid) return *uuid;
    if (label && !label->empty()) return FileSystemLabel{*label};
    return std::monostate{};
}

const MountedVolume* find_device(const std::vector<MountedVolume>& volumes,
                                 const DeviceRef& device) {
    const auto found = std::ranges::find_if(
        volumes, [&](const MountedVolume& mounted) { return names(device, mounted.volume); });
    return found == volumes.end() ? nullptr : &*found;
}

BootPlace place_on_mount(const MountedVolume& mounted, const std::string& path) {
    return {.device = device_of(mounted.volume.uuid, mounted.volume.label),
            .crypto = containers_of(mounted.volume),
            .path = with_prefix(mounted.prefix, below(path, mounted.mount_point).value_or(path)),
            .volume = &mounted.volume};
}

}  // namespace

bool BootPlace::beside(const BootPlace& other) const {
    return device == other.device && crypto == other.crypto;
}

BootPlace place_in_system(const std::string& path, const std::vector<MountedVolume>& volumes) {
    if (const MountedVolume* mounted = volume_of(volumes, path)) {
        return place_on_mount(*mounted, path);
    }
    return {.device = {}, .crypto = {}, .path = path, .volume = nullptr};
}

BootPlace place_in_store(const Store& store,
                         const std::string& path,
                         const std::vector<MountedVolume>& volumes) {
    const auto inside = below(path, store.mount_point);
    if (!inside) return place_in_system(path, volumes);

    // The store says which volume; only if it does not, the mount table does.
    const MountedVolume* mounted = volume_of(volumes, path);
    const bool said = !std::holds_alternative<std::monostate>(store.device);
    if (said && !(mounted && names(store.device, mounted->volume))) {
        const MountedVolume* other = find_device(volumes, store.device);
        return {.device = store.device,
                .crypto = store.crypto_devices.empty() && other ? containers_of(other->volume)
                                                                : store.crypto_devices,
                .path = with_prefix(store.directory_prefix.value_or(""), *inside),
                .volume = other ? &other->volume : nullptr};
    }
    if (!mounted) {
        return {.device = {},
                .crypto = store.crypto_devices,
                .path = with_prefix(store.directory_prefix.value_or(""), *inside),
                .volume = nullptr};
    }
    BootPlace place = place_on_mount(*mounted, path);
    if (said) place.device = store.device;
    if (store.directory_prefix) place.path = with_prefix(*store.directory_prefix, *inside);
    if (!store.crypto_devices.empty()) place.crypto = store.crypto_devices;
    return place;
}

BootPlace place_on_target(const BootSide& target, const std::string& path) {
    BootPlace place{.device = device_of(target.uuid, target.label),
                    .crypto = {},
                    .path = target.offset.value_or("") + path,
                    .volume = nullptr};
    if (target.volume) {
        place.crypto = containers_of(*target.volume);
        place.volume = &*target.volume;
    }
    return place;
}

std::vector<Uuid> containers_of(const Volume& volume) {
    std::vector<Uuid> containers;
    for (const StorageLayer& layer : volume.layers) {
        if (const auto* luks = std::get_if<LuksContainer>(&layer)) containers.push_back(luks->uuid);
    }
    return containers;
}

}  // namespace cordwainer::grub
