#include "sys/settle.h"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/magic.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/file_io.h"
#include "sys/freeze.h"

namespace cordwainer {
namespace {

// Linux, fs/ext4/ext4.h; not in the headers for user space.
constexpr unsigned long kExt4Checkpoint = _IOW('f', 43, std::uint32_t);

enum class Kind { ext4, xfs, btrfs };

Result<Kind> kind_of(const Fd& directory, const std::string& name) {
    struct statfs status{};
    if (::fstatfs(directory.get(), &status) != 0) return file_error(errno, "look at " + name);
    const auto magic = static_cast<std::uint32_t>(status.f_type);
    if (magic == EXT4_SUPER_MAGIC) return Kind::ext4;
    if (magic == XFS_SUPER_MAGIC) return Kind::xfs;
    if (magic == BTRFS_SUPER_MAGIC) return Kind::btrfs;
    return Error(Errc::unsupported,
                 name + " is on a file system of type " + file_system_type(directory) +
                     ": this program cannot make sure that a boot loader reads what is written "
                     "there; it can on ext4, xfs, btrfs and vfat");
}

// Empties the journal of an ext4; false where this kernel cannot.
Result<bool> checkpoint(const Fd& directory, const std::string& name) {
    std::uint32_t flags = 0;
    if (::ioctl(directory.get(), kExt4Checkpoint, &flags) == 0) return true;
    if (errno == ENODEV) return true;  // there is no journal
    if (errno == ENOTTY || errno == EOPNOTSUPP) return false;
    return system_error(errno, "empty the journal of the file system of " + name);
}

}  // namespace

// The kernel's list of mounts has a line of 11 fields and more for each,
// with the mount's number first and the type behind " - " (Linux, filesystems/proc.rst, 3.5).
std::string file_system_type(const Fd& directory) {
    struct statx status{};
    if (::statx(directory.get(), "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0) return "unknown";
    const std::string number = std::to_string(status.stx_mnt_id) + " ";
    const Result<std::string> mounts = read_text_file("/proc/self/mountinfo");
    if (!mounts) return "unknown";
    std::istringstream lines(*mounts);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t type = line.find(" - ");
        if (!line.starts_with(number) || type == std::string::npos) continue;
        return line.substr(type + 3, line.find(' ', type + 3) - type - 3);
    }
    return "unknown";
}

Result<void> check_can_settle(const Fd& directory, const std::string& name) {
    TRY_VOID(kind_of(directory, name));
    return {};
}

Result<void> settle_file_system(const Fd& directory, const std::string& name) {
    const Kind kind = TRY(kind_of(directory, name));
    // First also where a freeze follows, which would do it too: then that is short.
    if (::syncfs(directory.get()) != 0)
        return file_error(errno, "flush the file system of " + name);
    if (kind == Kind::btrfs) return {};
    if (kind == Kind::ext4) {
        const bool emptied = TRY(checkpoint(directory, name));
        if (emptied) return {};
    }
    return while_frozen(directory, name);
}

}  // namespace cordwainer
