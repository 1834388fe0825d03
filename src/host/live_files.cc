#include "host/live_files.h"

#include <fcntl.h>

#include "host/mounted_fat.h"
#include "host/mounted_files.h"
#include "sys/root.h"
#include "sys/settle.h"

namespace cordwainer {
namespace {

// The directory `path`, or the one above it where it would be made.
Result<Fd> nearest_directory(const Root& root, std::filesystem::path path) {
    while (true) {
        Result<Fd> found = root.open_file(path.string(), O_RDONLY | O_DIRECTORY);
        if (found || found.error().code != Errc::not_found || path == path.parent_path())
            return found;
        path = path.parent_path();
    }
}

}  // namespace

Result<std::unique_ptr<FileTarget>> open_live_files(const std::filesystem::path& root,
                                                    const std::string& path,
                                                    const RelPath& own) {
    const Root opened = TRY(Root::open(root.string()));
    const Fd directory = TRY(nearest_directory(opened, path));
    if (file_system_type(directory) == "vfat") return MountedFat::open(root, path);
    TRY_VOID(check_can_settle(directory, opened.outside(path)));
    return MountedFiles::open(root, path, own);
}

}  // namespace cordwainer
