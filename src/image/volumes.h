// What a layout's image will look like to a bootloader: volumes and targets, known before anything
// is written.
#pragma once

#include <vector>

#include "core/error.h"
#include "image/layout.h"
#include "model/target.h"
#include "model/volume.h"

namespace cordwainer::image {

// Every file system of the image that has a mount, outer mounts first.
[[nodiscard]] std::vector<MountedVolume> volumes_of(const Layout& layout);

// The targets of the configured specifications, in order (ids as target_ids gives them). All block
// targets tagged `disk` together become one, the image itself, whatever device they name.
// invalid_input, with the specification's location: another block target, or a path that no
// partition holds.
[[nodiscard]] Result<std::vector<Target>> targets_for(const Layout& layout,
                                                      const std::vector<TargetSpec>& configured);

}  // namespace cordwainer::image
