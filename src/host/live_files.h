// A file target on the running machine, by the file system that it lies on.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "apply/ports.h"
#include "core/error.h"
#include "core/rel_path.h"

namespace cordwainer {

// The directory `path` inside the system whose root is `root`, made where it is missing: MountedFat
// on vfat, MountedFiles on ext4, xfs and btrfs; unsupported, naming the type, on others. `own` is
// the target's own directory below it. Nothing is written where it fails.
[[nodiscard]] Result<std::unique_ptr<FileTarget>> open_live_files(const std::filesystem::path& root,
                                                                  const std::string& path,
                                                                  const RelPath& own);

}  // namespace cordwainer
