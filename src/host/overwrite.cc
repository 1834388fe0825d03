#include "host/overwrite.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "core/sha256.h"
#include "host/files_below.h"
#include "sys/file_io.h"
#include "sys/settle.h"

namespace cordwainer {
namespace {

// A file's fsync writes its data and tells the disk; where it lies was written when it was made. A
// journal may still hold what the file was before, or the data itself (ext4, data=journal): that is
// emptied.
Result<void> settle(const Fd& file, const Fd& directory, const std::string& name) {
    if (::fsync(file.get()) != 0) return file_error(errno, "flush " + name);
    if (file_system_type(directory) == "vfat") return {};
    return settle_file_system(directory, name);
}

}  // namespace

Result<void> overwrite(const Root& system, const std::string& path, ByteView bytes) {
    const std::string name = system.outside(path);
    const std::string parent = path.substr(0, path.rfind('/') + 1);
    const Fd directory = TRY(system.open_file(parent, O_RDONLY | O_DIRECTORY));
    const std::string type = file_system_type(directory);
    if (type != "vfat") TRY_VOID(check_can_settle(directory, name));
    // Copied on writing, where nobody who knows the old sectors finds it.
    if (type == "btrfs") return Error(Errc::unsupported, name + " is on btrfs");

    const Fd file = TRY(system.open_file(path, O_RDWR | O_NOFOLLOW));
    const FileStatus status = TRY(status_of(file, name));
    if (status.kind != FileKind::regular || status.size != bytes.size()) {
        return Error(Errc::corrupt,
                     name + " is no file of " + std::to_string(bytes.size()) + " bytes");
    }
    TRY_VOID(write_all(file, bytes, name));
    TRY_VOID(settle(file, directory, name));
    const Fd written = TRY(system.open_file(path, O_RDONLY | O_NOFOLLOW));
    return check_on_medium(written, sha256(bytes), name);
}

}  // namespace cordwainer
