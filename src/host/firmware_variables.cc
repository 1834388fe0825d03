#include "host/firmware_variables.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "formats/efi_load_option.h"
#include "sys/descriptor.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;

// Non-volatile, and there for the boot loader and for the running system.
constexpr std::uint32_t kAttributes = 7;
constexpr std::size_t kAttributesSize = 4;

// Takes the flag off that keeps a variable from being changed or removed by accident (efivarfs sets
// it on all that a machine may need to start), and puts it back. Only where it is set; a file
// system that has no such flags is none to care for.
class Changeable {
  public:
    explicit Changeable(const fs::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (!fd_ || ::ioctl(fd_.get(), FS_IOC_GETFLAGS, &flags_) != 0) return;
        if ((flags_ & FS_IMMUTABLE_FL) == 0) return;
        int without = flags_ & ~FS_IMMUTABLE_FL;
        taken_off_ = ::ioctl(fd_.get(), FS_IOC_SETFLAGS, &without) == 0;
    }

    ~Changeable() {
        if (taken_off_) ::ioctl(fd_.get(), FS_IOC_SETFLAGS, &flags_);
    }

    Changeable(const Changeable&) = delete;
    Changeable& operator=(const Changeable&) = delete;
    Changeable(Changeable&&) = delete;
    Changeable& operator=(Changeable&&) = delete;

  private:
    Fd fd_;
    int flags_ = 0;
    bool taken_off_ = false;
};

// The firmware takes a value as one write.
Result<void> write_at_once(const Fd& fd, ByteView bytes, const fs::path& path) {
    const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written < 0) return file_error(errno, "write " + path.string());
    if (static_cast<std::size_t>(written) != bytes.size()) {
        return Error(Errc::io, "write " + path.string() + ": it was written in part");
    }
    // efivarfs has made the file as long as the value; another file system has not.
    struct stat status{};
    const auto size = static_cast<off_t>(bytes.size());
    if (::fstat(fd.get(), &status) == 0 && status.st_size > size &&
        ::ftruncate(fd.get(), size) != 0) {
        return file_error(errno, "write " + path.string());
    }
    return {};
}

}  // namespace

fs::path FirmwareVariables::path(const std::string& name, const std::string& vendor) const {
    return directory_ / (name + "-" + vendor);
}

Result<void> FirmwareVariables::check() const {
    std::error_code failed;
    fs::directory_iterator entries(directory_, failed);
    if (!failed && entries != fs::directory_iterator()) return {};
    return Error(Errc::not_found,
                 "there are no firmware variables in " + directory_.string() +
                     ": this machine was not started by UEFI firmware, or they are not mounted "
                     "(mount -t efivarfs efivarfs " +
                     directory_.string() + ")");
}

Result<void> FirmwareVariables::check_writable() const {
    TRY_VOID(check());
    struct statvfs volume{};
    if (::statvfs(directory_.c_str(), &volume) != 0)
        return file_error(errno, "look at " + directory_.string());
    if ((volume.f_flag & ST_RDONLY) == 0) return {};
    return Error(
        Errc::refused,
        directory_.string() + " is read-only (mount -o remount,rw " + directory_.string() + ")");
}

Result<std::vector<std::string>> FirmwareVariables::names(const std::string& vendor) const {
    TRY_VOID(check());
    std::vector<std::string> names;
    const std::string end = "-" + vendor;
    std::error_code failed;
    fs::directory_iterator entries(directory_, failed);
    for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
        const std::string name = entries->path().filename().string();
        if (name.ends_with(end)) names.push_back(name.substr(0, name.size() - end.size()));
    }
    if (failed) return file_error(failed.value(), "list " + directory_.string());
    std::ranges::sort(names);
    return names;
}

Result<std::optional<Bytes>> FirmwareVariables::read(const std::string& name,
                                                     const std::string& vendor) const {
    Result<Bytes> bytes = read_file(path(name, vendor));
    if (!bytes && bytes.error().code == Errc::not_found) return std::optional<Bytes>();
    if (!bytes) return bytes.error();
    if (bytes->size() < kAttributesSize) {
        return Error(Errc::corrupt, path(name, vendor).string() + " has no attributes");
    }
    bytes->erase(bytes->begin(), bytes->begin() + kAttributesSize);
    return std::optional(*std::move(bytes));
}

Result<std::optional<std::string>> FirmwareVariables::read_text(const std::string& name,
                                                                const std::string& vendor) const {
    const std::optional<Bytes> value = TRY(read(name, vendor));
    std::string text = value ? from_utf16(*value) : std::string();
    if (text.empty()) return std::optional<std::string>();
    return std::optional(std::move(text));
}

Result<void> FirmwareVariables::write(const std::string& name,
                                      const std::string& vendor,
                                      ByteView value) const {
    TRY_VOID(check());
    const fs::path file = path(name, vendor);
    Bytes bytes(kAttributesSize);
    bytes[0] = static_cast<std::byte>(kAttributes);
    bytes.insert(bytes.end(), value.begin(), value.end());

    constexpr mode_t kMode = 0644;
    const Fd made(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
    if (made) {
        Result<void> written = write_at_once(made, bytes, file);
        if (!written) {
            const Changeable changeable(file);
            ::unlink(file.c_str());
        }
        return written;
    }
    if (errno != EEXIST) return file_error(errno, "make " + file.string());
    const Changeable changeable(file);
    const Fd fd = TRY(open_file(file, O_WRONLY));
    return write_at_once(fd, bytes, file);
}

Result<void> FirmwareVariables::remove(const std::string& name, const std::string& vendor) const {
    const fs::path file = path(name, vendor);
    const Changeable changeable(file);
    if (::unlink(file.c_str()) == 0 || errno == ENOENT) return {};
    return file_error(errno, "remove " + file.string());
}

}  // namespace cordwainer
