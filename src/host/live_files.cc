#include "host/live_files.h"

#include "host/mounted_files.h"

namespace cordwainer {

Result<std::unique_ptr<FileTarget>> open_live_files(const std::filesystem::path& root,
                                                    const std::string& path,
                                                    const RelPath& own) {
    return MountedFiles::open(root, path, own);
}

}  // namespace cordwainer
