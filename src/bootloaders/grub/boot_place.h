// Where a boot file lies, as GRUB sees it: a file system that it can find, and a path in it.
#pragma once

#include <string>
#include <vector>

#include "core/uuid.h"
#include "model/device_ref.h"
#include "model/generation.h"
#include "model/target.h"
#include "model/volume.h"

namespace cordwainer::grub {

// One file. Boot-side data only.
struct BootPlace {
    DeviceRef device;                // monostate: GRUB looks for the file that has `path`
    std::vector<Uuid> crypto;        // LUKS containers to open first, in order
    std::string path;                // inside the file system, beginning with "/"
    const Volume* volume = nullptr;  // what is known of it; not owned, may be null

    // Whether the other file is on the same device, so that one search is enough for both.
    [[nodiscard]] bool beside(const BootPlace& other) const;
};

// A file of a generation, `path` inside the system: on its store's device where it lies below the
// store's mount point, else on whatever is mounted there.
[[nodiscard]] BootPlace place_in_store(const Store& store,
                                       const std::string& path,
                                       const std::vector<MountedVolume>& volumes);

// A file of the system that belongs to no store.
[[nodiscard]] BootPlace place_in_system(const std::string& path,
                                        const std::vector<MountedVolume>& volumes);

// A file at `path` ("/…") below a file target.
[[nodiscard]] BootPlace place_on_target(const BootSide& target, const std::string& path);

// The LUKS containers of a volume's layers, from the disk inwards.
[[nodiscard]] std::vector<Uuid> containers_of(const Volume& volume);

}  // namespace cordwainer::grub
