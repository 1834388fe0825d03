#include "host/tree_files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
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
    if (::fchmod(file.get(), kFileMode) != 0) return file_error(errno, "set the mode of " + name);
    return file.close(name);
}

}  // namespace

Result<std::unique_ptr<TreeFiles>> TreeFiles::open(const std::filesystem::path& tree,
                                                   const std::string& path) {
    Root root = TRY(Root::open(tree.string()));
    std::string base = without_slashes(path);
    if (!base.empty()) {
        // A check that the target does not climb out, and its canonical form.
        base = TRY(RelPath::parse(base)).text();
        TRY_VOID(root.make_directories(base));
    }
    return std::unique_ptr<TreeFiles>(
        new TreeFiles(std::move(root), base.empty() ? "" : "/" + base));
}

std::string TreeFiles::inside(const RelPath& path) const {
    return base_ + "/" + path.text();
}

// The directory that holds `path`, made where it is missing.
Result<const Fd*> TreeFiles::parent_of(const RelPath& path) {
    const std::string whole = inside(path);
    const std::string parent = whole.substr(0, whole.rfind('/'));
    if (!parent_ || parent != parent_path_) {
        if (!parent.empty()) TRY_VOID(tree_.make_directories(parent));
        parent_ = TRY(tree_.open_file(parent, O_RDONLY | O_DIRECTORY));
        parent_path_ = parent;
    }
    return &parent_;
}

Result<std::optional<FileState>> TreeFiles::look(const RelPath& path) {
    const auto status = TRY(tree_.link_status(inside(path)));
    if (!status || status->kind != FileKind::regular) return std::nullopt;
    // No stamp: an inventory inside an image must not depend on when and where it was built.
    return FileState{.size = status->size};
}

Result<std::optional<Bytes>> TreeFiles::read(const RelPath& path) {
    if (!TRY(look(path))) return std::nullopt;
    const Fd fd = TRY(tree_.open_file(inside(path), O_RDONLY | O_NOFOLLOW));
    return TRY(read_rest(fd, tree_.outside(inside(path))));
}

Result<std::optional<Digest>> TreeFiles::digest(const RelPath& path) {
    if (!TRY(look(path))) return std::nullopt;
    const Fd fd = TRY(tree_.open_file(inside(path), O_RDONLY | O_NOFOLLOW));
    const CopiedBytes read = TRY(digest_rest(fd, tree_.outside(inside(path))));
    return read.digest;
}

Result<Fd> TreeFiles::create(const RelPath& path) {
    const Fd* parent = TRY(parent_of(path));
    // A link of that name would lead to another file.
    if (::unlinkat(parent->get(), path.name().c_str(), 0) != 0 && errno != ENOENT)
        return file_error(errno, "replace " + tree_.outside(inside(path)));
    Fd fd(::openat(parent->get(),
                   path.name().c_str(),
                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   kFileMode));
    if (!fd) return file_error(errno, "make " + tree_.outside(inside(path)));
    return fd;
}

Result<void> TreeFiles::write(const RelPath& path, ByteView bytes) {
    const std::string name = tree_.outside(inside(path));
    Fd fd = TRY(create(path));
    TRY_VOID(write_all(fd, bytes, name));
    if (::fchmod(fd.get(), kFileMode) != 0) return file_error(errno, "set the mode of " + name);
    return fd.close(name);
}

Result<void> TreeFiles::stage(const RelPath& path,
                              const std::filesystem::path& from,
                              const Digest& digest) {
    Fd fd = TRY(create(path));
    Result<void> filled = fill(std::move(fd), from, digest, tree_.outside(inside(path)));
    if (!filled) ::unlinkat(parent_.get(), path.name().c_str(), 0);
    return filled;
}

// Nobody reads a tree before it is complete, but `from` may be what is there now.
Result<void> TreeFiles::replace(const RelPath& path,
                                const std::filesystem::path& from,
                                const Digest& digest) {
    const RelPath temporary = TRY(RelPath::parse(path.text() + ".new"));
    TRY_VOID(stage(temporary, from, digest));
    const int parent = parent_.get();
    if (::renameat(parent, temporary.name().c_str(), parent, path.name().c_str()) != 0)
        return file_error(errno, "replace " + tree_.outside(inside(path)));
    return {};
}

Result<void> TreeFiles::remove(const RelPath& path) {
    std::string whole = inside(path);
    parent_ = Fd();  // it may go
    int flags = 0;
    while (whole.size() > base_.size()) {
        const std::size_t slash = whole.rfind('/');
        const std::string directory = whole.substr(0, slash);
        const auto status = TRY(tree_.status(directory));
        if (!status) return {};
        const Fd parent = TRY(tree_.open_file(directory, O_RDONLY | O_DIRECTORY));
        if (::unlinkat(parent.get(), whole.c_str() + slash + 1, flags) != 0) {
            if (flags != 0 &&
                (errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY || errno == ENOTDIR))
                return {};
            if (errno != ENOENT) return file_error(errno, "remove " + tree_.outside(whole));
        }
        whole = directory;
        flags = AT_REMOVEDIR;
    }
    return {};
}

Result<void> TreeFiles::settle() {
    return {};
}

Result<std::optional<FreeSpace>> TreeFiles::free_space() {
    return std::nullopt;
}

}  // namespace cordwainer
