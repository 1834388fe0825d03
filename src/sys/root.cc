#include "sys/root.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <dirent.h>
#include <filesystem>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace cordwainer {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

FileKind kind_of(mode_t mode) {
    if (S_ISREG(mode)) return FileKind::regular;
    if (S_ISDIR(mode)) return FileKind::directory;
    if (S_ISLNK(mode)) return FileKind::symbolic_link;
    return FileKind::other;
}

std::int64_t nanoseconds(const timespec& time) {
    std::int64_t result = 0;
    // Beyond 1677 to 2262 there is no such number; those times are all the same to us.
    if (__builtin_mul_overflow(static_cast<std::int64_t>(time.tv_sec), kNanoseconds, &result) ||
        __builtin_add_overflow(result, static_cast<std::int64_t>(time.tv_nsec), &result)) {
        return time.tv_sec < 0 ? INT64_MIN : INT64_MAX;
    }
    return result;
}

FileStatus file_status(const struct stat& status) {
    return {.kind = kind_of(status.st_mode),
            .size = static_cast<std::uint64_t>(status.st_size),
            .device = status.st_dev,
            .inode = status.st_ino,
            .modified = nanoseconds(status.st_mtim),
            .changed = nanoseconds(status.st_ctim)};
}

// openat2 below `root`; -1 and errno on failure.
int open_in_root(const Fd& root, std::string_view path, int flags) {
    while (path.starts_with('/')) path.remove_prefix(1);
    if (path.find('\0') != std::string_view::npos) {
        errno = EINVAL;
        return -1;
    }
    const std::string name(path.empty() ? "." : path);
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_IN_ROOT;
    // EAGAIN: something was renamed or mounted on the way, and the kernel could not tell whether
    // ".." stayed inside.
    constexpr int kTries = 1000;
    for (int i = 0; i < kTries; ++i) {
        const long fd = ::syscall(SYS_openat2, root.get(), name.c_str(), &how, sizeof how);
        if (fd >= 0) return static_cast<int>(fd);
        if (errno != EAGAIN && errno != EINTR) break;
    }
    return -1;
}

bool is_missing(int err) {
    return err == ENOENT || err == ENOTDIR || err == ELOOP;
}

Error root_error(int err, const std::string& note) {
    Error error = file_error(err, note);
    if (err == ELOOP) error.code = Errc::not_found;
    if (err == ENOSYS) {
        error.code = Errc::unsupported;
        error.notes.back() += " (openat2 needs Linux 5.6)";
    }
    return error;
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

FileKind kind_of(int directory, const dirent& entry) {
    switch (entry.d_type) {
        case DT_REG:
            return FileKind::regular;
        case DT_DIR:
            return FileKind::directory;
        case DT_LNK:
            return FileKind::symbolic_link;
        case DT_UNKNOWN: {  // a file system that keeps no types in its directories
            struct stat status{};
            const int failed = ::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW);
            return failed != 0 ? FileKind::other : kind_of(status.st_mode);
        }
        default:
            return FileKind::other;
    }
}

}  // namespace

Result<FileStatus> status_of(const Fd& fd, const std::string& name) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return file_error(errno, "look at " + name);
    return file_status(status);
}

Result<FileStatus> status_at(const Fd& directory, const char* name, const std::string& shown) {
    struct stat status{};
    constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    if (::fstatat(directory.get(), name, &status, kFlags) != 0) {
        return file_error(errno, "look at " + shown);
    }
    return file_status(status);
}

Result<SymbolicLink> link_at(const Fd& directory, const char* name, const std::string& shown) {
    const FileStatus status = TRY(status_at(directory, name, shown));
    if (status.kind != FileKind::symbolic_link) {
        return Error(Errc::invalid_input, shown + " is not a symbolic link");
    }
    std::array<char, PATH_MAX> text{};  // no link is longer
    const ssize_t size = ::readlinkat(directory.get(), name, text.data(), text.size());
    if (size < 0) return file_error(errno, "read the link " + shown);
    return SymbolicLink{status, {text.data(), static_cast<std::size_t>(size)}};
}

Result<Root> Root::open(const std::string& directory) {
    Fd fd = TRY(cordwainer::open_file(directory, O_PATH | O_DIRECTORY));
    const std::unique_ptr<char, decltype(&::free)> real(::realpath(directory.c_str(), nullptr),
                                                        &::free);
    if (!real) return file_error(errno, "resolve " + directory);
    return Root(std::move(fd), real.get());
}

std::string Root::outside(std::string_view path) const {
    std::string result = path_ == "/" ? "" : path_;
    if (!path.starts_with('/')) result += '/';
    return result += path;
}

std::optional<std::string> Root::inside(const std::string& machine_path) const {
    namespace fs = std::filesystem;
    std::error_code failed;
    const fs::path named = fs::absolute(machine_path, failed).lexically_normal();
    const fs::path real = fs::weakly_canonical(machine_path, failed);
    for (std::string text : {named.string(), real.string()}) {
        while (text.size() > 1 && text.ends_with('/')) text.pop_back();
        if (text == path_) return "/";
        if (path_ == "/" && text.starts_with('/')) return text;
        if (text.starts_with(path_ + "/")) return text.substr(path_.size());
    }
    return std::nullopt;
}

Result<Fd> Root::open_file(std::string_view path, int flags) const {
    Fd fd(open_in_root(fd_, path, flags));
    if (!fd) return root_error(errno, "open " + outside(path));
    return fd;
}

Result<std::optional<FileStatus>> Root::status_with(std::string_view path, int flags) const {
    const Fd fd(open_in_root(fd_, path, O_PATH | flags));
    if (!fd && is_missing(errno)) return std::nullopt;
    if (!fd) return root_error(errno, "look at " + outside(path));
    return TRY(status_of(fd, outside(path)));
}

Result<std::optional<FileStatus>> Root::status(std::string_view path) const {
    return status_with(path, 0);
}

Result<std::optional<FileStatus>> Root::link_status(std::string_view path) const {
    return status_with(path, O_NOFOLLOW);
}

Result<SymbolicLink> Root::link(std::string_view path) const {
    const Fd fd(open_in_root(fd_, path, O_PATH | O_NOFOLLOW));
    if (!fd) return root_error(errno, "read the link " + outside(path));
    return link_at(fd, "", outside(path));
}

Result<std::string> Root::read_link(std::string_view path) const {
    SymbolicLink found = TRY(link(path));
    return std::move(found.text);
}

Result<std::string> Root::follow(std::string_view path) const {
    constexpr int kMostLinks = 40;  // as the kernel
    std::string place = path.starts_with('/') ? std::string(path) : "/" + std::string(path);
    for (int i = 0; i <= kMostLinks; ++i) {
        Result<SymbolicLink> found = link(place);
        if (found) {
            if (!found->text.starts_with('/')) {
                place.erase(place.rfind('/') + 1);
                place += found->text;
            } else {
                place = std::move(found->text);
            }
        } else if (found.error().code == Errc::invalid_input) {  // no link, so that is it
            return std::filesystem::path(place).lexically_normal().string();
        } else if (found.error().code == Errc::not_found) {
            return Error(Errc::not_found, outside(place) + " does not exist");
        } else {
            return std::move(found).error();
        }
    }
    return Error(Errc::not_found, outside(path) + " leads in circles");
}

Result<std::string> Root::read(std::string_view path, std::uint64_t limit) const {
    // O_NONBLOCK: a FIFO of that name must not stop us; it means nothing to a regular file.
    const Fd fd = TRY(open_file(path, O_RDONLY | O_NONBLOCK));
    const std::string name = outside(path);
    const FileStatus status = TRY(status_of(fd, name));
    if (status.kind != FileKind::regular) {
        return Error(Errc::invalid_input, name + " is not a regular file");
    }
    if (status.size > limit) {
        return Error(Errc::invalid_input,
                     name + " is longer than " + std::to_string(limit) + " bytes");
    }
    const Bytes bytes = TRY(read_at(fd, 0, status.size, name));
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<std::vector<DirectoryEntry>> Root::list(std::string_view path) const {
    Fd fd = TRY(open_file(path, O_RDONLY | O_DIRECTORY));
    const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd.get()));
    if (!directory) return file_error(errno, "list " + outside(path));
    const int descriptor = fd.release();  // closed by closedir
    std::vector<DirectoryEntry> entries;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());
        if (!entry) break;
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        entries.push_back({std::string(name), kind_of(descriptor, *entry)});
    }
    if (errno != 0) return file_error(errno, "list " + outside(path));
    std::ranges::sort(entries, {}, &DirectoryEntry::name);
    return entries;
}

Result<void> Root::make_directories(std::string_view path) const {
    std::string done;
    for (const std::filesystem::path& part : std::filesystem::path(path)) {
        if (part.empty() || part == "/") continue;
        const std::string next = done + "/" + part.string();
        const auto status = TRY(this->status(next));
        if (!status) {
            const Fd parent = TRY(open_file(done, O_RDONLY | O_DIRECTORY));
            if (::mkdirat(parent.get(), part.c_str(), 0755) != 0) {
                if (errno != EEXIST) {
                    return file_error(errno, "make the directory " + outside(next));
                }
            } else if (::fchmodat(parent.get(), part.c_str(), 0755, 0) != 0) {  // the umask's
                return file_error(errno, "set the mode of " + outside(next));
            }
            if (::fsync(parent.get()) != 0) return file_error(errno, "flush " + outside(done));
        } else if (status->kind != FileKind::directory) {
            return Error(Errc::refused, outside(next) + " is not a directory");
        }
        done = next;
    }
    return {};
}

}  // namespace cordwainer
