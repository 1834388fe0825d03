#include "sys/settle.h"

#include <cerrno>
#include <cstdint>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace cordwainer {
namespace {

// Linux, fs/ext4/ext4.h; not in the headers for user space.
constexpr unsigned long kExt4Checkpoint = _IOW('f', 43, std::uint32_t);

enum class Kind { ext4, btrfs };

Result<Kind> kind_of(const Fd& directory, const std::string& name) {
    struct statfs status{};
    if (::fstatfs(directory.get(), &status) != 0) return file_error(errno, "look at " + name);
    const auto magic = static_cast<std::uint32_t>(status.f_type);
    if (magic == EXT4_SUPER_MAGIC) return Kind::ext4;
    if (magic == BTRFS_SUPER_MAGIC) return Kind::btrfs;
    return Error(Errc::unsupported,
                 "the file system of " + name +
                     " is neither ext4 nor btrfs: this program cannot make sure that a boot loader "
                     "reads what was written");
}

Result<void> checkpoint(const Fd& directory, const std::string& name) {
    std::uint32_t flags = 0;
    if (::ioctl(directory.get(), kExt4Checkpoint, &flags) == 0) return {};
    if (errno == ENODEV) return {};  // there is no journal
    Error error = system_error(errno, "empty the journal of the file system of " + name);
    if (errno == ENOTTY || errno == EOPNOTSUPP) {
        error.code = Errc::unsupported;
        error.notes.back() += " (it takes Linux 5.14)";
    }
    return error;
}

}  // namespace

Result<void> check_can_settle(const Fd& directory, const std::string& name) {
    TRY_VOID(kind_of(directory, name));
    return {};
}

Result<void> settle_file_system(const Fd& directory, const std::string& name) {
    const Kind kind = TRY(kind_of(directory, name));
    if (::syncfs(directory.get()) != 0)
        return file_error(errno, "flush the file system of " + name);
    return kind == Kind::ext4 ? checkpoint(directory, name) : Result<void>();
}

}  // namespace cordwainer
