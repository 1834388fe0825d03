#include "host/files_below.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

constexpr mode_t kFileMode = 0644;

std::string without_slashes(std::string path) {
    while (path.ends_with('/')) path.pop_back();
    while (path.starts_with('/')) path.erase(0, 1);
    return path;
}

Result<void> finish(Fd file, const std::string& name) {
    if (::fchmod(file.get(), kFileMode) != 0) return file_error(errno, "set the mode of " + name);
    return file.close(name);
}

Result<void> fill(Fd file,
                  const std::filesystem::path& from,
                  const Digest& digest,
                  const std::string& name) {
    const Fd source = TRY(open_file(from, O_RDONLY));
    const CopiedBytes copied = TRY(copy_with_digest(source, from.string(), file, name));
    if (copied.digest != digest) {
        return Error(Errc::corrupt,
                     from.string() + " has changed since it was read: its SHA-256 is " +
                         copied.digest.hex() + ", not " + digest.hex());
    }
    return finish(std::move(file), name);
}

}  // namespace

Result<void> check_on_medium(const Fd& file, const Digest& digest, const std::string& name) {
    if (const int err = ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED); err != 0)
        return file_error(err, "drop the cache of " + name);
    const CopiedBytes there = TRY(digest_rest(file, name));
    if (there.digest == digest) return {};
    return Error(Errc::corrupt,
                 name + " does not give back what was written: the medium may be bad");
}

Result<FreeSpace> free_space_at(const Fd& directory, const std::string& name) {
    struct statvfs status{};
    if (::fstatvfs(directory.get(), &status) != 0) return file_error(errno, "look at " + name);
    return FreeSpace{.bytes = status.f_bavail * status.f_frsize,
                     .block_size = static_cast<std::uint32_t>(status.f_bsize)};
}

Result<FilesBelow> FilesBelow::open(const std::filesystem::path& root, const std::string& path) {
    Root opened = TRY(Root::open(root.string()));
    std::string base = without_slashes(path);
    if (!base.empty()) {
        // A check that the path does not climb out, and its canonical form.
        base = "/" + TRY(RelPath::parse(base)).text();
        TRY_VOID(opened.make_directories(base));
    }
    return FilesBelow(std::move(opened), std::move(base));
}

std::string FilesBelow::inside(const RelPath& path) const {
    return base_ + "/" + path.text();
}

std::string FilesBelow::name() const {
    return root_.outside(base_.empty() ? "/" : base_);
}

std::string FilesBelow::name(const RelPath& path) const {
    return root_.outside(inside(path));
}

Result<Fd> FilesBelow::directory() const {
    return root_.open_file(base_, O_RDONLY | O_DIRECTORY);
}

Result<std::optional<FileStatus>> FilesBelow::status(const RelPath& path) const {
    const std::string whole = inside(path);
    const Result<void> opened = open_parent(whole.substr(0, whole.rfind('/')));
    if (!opened && opened.error().code == Errc::not_found) return std::nullopt;
    if (!opened) return opened.error();
    const Result<FileStatus> found = status_at(parent_, path.name().c_str(), name(path));
    if (!found && found.error().code == Errc::not_found) return std::nullopt;
    if (!found) return found.error();
    return found->kind == FileKind::regular ? std::optional(*found) : std::nullopt;
}

Result<void> FilesBelow::check_place(const RelPath& path) const {
    const std::string whole = inside(path);
    for (std::size_t end = base_.size(); end != std::string::npos;) {
        end = whole.find('/', end + 1);
        const std::string part = whole.substr(0, end);
        const std::optional<FileStatus> there = TRY(root_.link_status(part));
        if (!there) return {};
        const bool last = end == std::string::npos;
        if (there->kind == (last ? FileKind::regular : FileKind::directory)) continue;
        std::string what = "something else";
        if (there->kind == FileKind::regular) what = "a file";
        if (there->kind == FileKind::directory) what = "a directory";
        if (there->kind == FileKind::symbolic_link)
            what = "a symbolic link to " + TRY(root_.read_link(part));
        return Error(Errc::refused,
                     root_.outside(part) + " is " + what + ", and " +
                         (last ? "a file" : "a directory") +
                         " is to be there: move it out of the way");
    }
    return {};
}

Result<std::optional<FileStatus>> FilesBelow::directory_status(const std::string& path) const {
    std::optional<FileStatus> status = TRY(root_.status(base_ + "/" + path));
    if (status && status->kind != FileKind::directory) status.reset();
    return status;
}

Result<std::optional<Fd>> FilesBelow::open_file(const RelPath& path) const {
    const std::optional<FileStatus> there = TRY(status(path));
    if (!there) return std::nullopt;
    Fd fd = TRY(root_.open_file(inside(path), O_RDONLY | O_NOFOLLOW));
    return std::optional(std::move(fd));
}

Result<std::vector<RelPath>> FilesBelow::all() const {
    std::vector<RelPath> files;
    std::vector<std::string> directories{""};
    while (!directories.empty()) {
        const std::string directory = std::move(directories.back());
        directories.pop_back();
        const auto entries = TRY(root_.list(base_ + directory));
        for (const DirectoryEntry& entry : entries) {
            const std::string path = directory + "/" + entry.name;
            if (entry.kind == FileKind::directory) directories.push_back(path);
            if (entry.kind != FileKind::regular) continue;
            RelPath file = TRY(RelPath::parse(path));
            files.push_back(std::move(file));
        }
    }
    return files;
}

Result<std::vector<Fd>> FilesBelow::hold(const RelPath& path) const {
    std::vector<Fd> held;
    std::optional<Fd> file = TRY(open_file(path));
    if (file) held.push_back(std::move(*file));
    std::string directory = inside(path);
    while (true) {
        directory.resize(directory.rfind('/'));
        if (directory.size() <= base_.size()) return held;
        const auto there = TRY(root_.status(directory));
        if (!there) continue;
        Fd fd = TRY(root_.open_file(directory, O_RDONLY | O_DIRECTORY));
        held.push_back(std::move(fd));
    }
}

Result<std::optional<Bytes>> FilesBelow::read(const RelPath& path) const {
    const std::optional<Fd> fd = TRY(open_file(path));
    if (!fd) return std::nullopt;
    Bytes bytes = TRY(read_rest(*fd, name(path)));
    return std::optional(std::move(bytes));
}

Result<std::optional<Digest>> FilesBelow::digest(const RelPath& path) const {
    const std::optional<Fd> fd = TRY(open_file(path));
    if (!fd) return std::nullopt;
    const CopiedBytes read = TRY(digest_rest(*fd, name(path)));
    return read.digest;
}

Result<void> FilesBelow::open_parent(const std::string& path) const {
    if (parent_ && path == parent_path_) return {};
    parent_ = TRY(root_.open_file(path, O_RDONLY | O_DIRECTORY));
    parent_path_ = path;
    return {};
}

Result<int> FilesBelow::parent_of(const RelPath& path) {
    const std::string whole = inside(path);
    const std::string parent = whole.substr(0, whole.rfind('/'));
    if (!parent_ || parent != parent_path_) {
        if (!parent.empty()) TRY_VOID(root_.make_directories(parent));
        TRY_VOID(open_parent(parent));
    }
    return parent_.get();
}

Result<void> FilesBelow::make_parents(const RelPath& path) {
    TRY_VOID(parent_of(path));
    return {};
}

Result<Fd> FilesBelow::create(const RelPath& path) {
    const int parent = TRY(parent_of(path));
    const std::string file = path.name();
    // A link of that name would lead to another file.
    if (::unlinkat(parent, file.c_str(), 0) != 0 && errno != ENOENT)
        return file_error(errno, "replace " + name(path));
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    Fd fd(::openat(parent, file.c_str(), kFlags, kFileMode));
    if (!fd) return file_error(errno, "make " + name(path));
    return fd;
}

Result<void> FilesBelow::write(const RelPath& path, ByteView bytes) {
    Fd fd = TRY(create(path));
    TRY_VOID(write_all(fd, bytes, name(path)));
    return finish(std::move(fd), name(path));
}

Result<void> FilesBelow::copy(const RelPath& path,
                              const std::filesystem::path& from,
                              const Digest& digest) {
    Fd fd = TRY(create(path));
    Result<void> filled = fill(std::move(fd), from, digest, name(path));
    if (!filled) ::unlinkat(parent_.get(), path.name().c_str(), 0);
    return filled;
}

Result<void> FilesBelow::rename(const RelPath& from, const RelPath& to, unsigned flags) {
    const std::string old_path = inside(from);
    const Fd old_parent =
        TRY(root_.open_file(old_path.substr(0, old_path.rfind('/')), O_RDONLY | O_DIRECTORY));
    const int parent = TRY(parent_of(to));
    if (::renameat2(old_parent.get(), from.name().c_str(), parent, to.name().c_str(), flags) != 0)
        return file_error(errno, "rename " + name(from) + " to " + name(to));
    return {};
}

Result<void> FilesBelow::remove(const RelPath& path) {
    parent_ = Fd();  // it may go
    std::string whole = inside(path);
    int flags = 0;
    while (whole.size() > base_.size()) {
        const std::size_t slash = whole.rfind('/');
        const std::string parent_path = whole.substr(0, slash);
        const auto there = TRY(root_.status(parent_path));
        if (!there) return {};
        const Fd parent = TRY(root_.open_file(parent_path, O_RDONLY | O_DIRECTORY));
        if (::unlinkat(parent.get(), whole.c_str() + slash + 1, flags) != 0 && errno != ENOENT) {
            // A directory that is not empty, or a link to one, stays.
            if (flags == AT_REMOVEDIR) return {};
            return file_error(errno, "remove " + root_.outside(whole));
        }
        whole = parent_path;
        flags = AT_REMOVEDIR;
    }
    return {};
}

}  // namespace cordwainer
