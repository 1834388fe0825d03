#include "host/mounted_files.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

#include "sys/file_io.h"
#include "sys/settle.h"

namespace cordwainer {

Result<std::unique_ptr<MountedFiles>> MountedFiles::open(const std::filesystem::path& root,
                                                         const std::string& path,
                                                         const RelPath& own) {
    FilesBelow files = TRY(FilesBelow::open(root, path));
    Fd directory = TRY(files.directory());
    RelPath exchange = own / TRY(RelPath::parse("exchange"));
    std::string name = std::filesystem::path(files.name(own)).parent_path().string();
    TRY_VOID(check_can_settle(directory, name));
    return std::unique_ptr<MountedFiles>(new MountedFiles(
        std::move(files), std::move(directory), std::move(name), std::move(exchange)));
}

Result<std::optional<FileState>> MountedFiles::look(const RelPath& path) {
    const std::optional<FileStatus> status = TRY(files_.status(path));
    if (!status) return std::nullopt;
    return FileState{
        .size = status->size,
        .stamp = std::to_string(status->inode) + "." + std::to_string(status->changed)};
}

Result<std::optional<Bytes>> MountedFiles::read(const RelPath& path) {
    return files_.read(path);
}

Result<std::optional<Digest>> MountedFiles::digest(const RelPath& path) {
    return files_.digest(path);
}

// What a cut left of an exchange. It may be the file that the medium still has under the live name,
// so it goes only after settling.
Result<void> MountedFiles::remove_leftover() {
    const std::optional<FileStatus> leftover = TRY(files_.status(exchange_));
    if (!leftover) return {};
    TRY_VOID(settle_file_system(directory_, name_));
    return files_.remove(exchange_);
}

Result<void> MountedFiles::check_place(const RelPath& path) {
    return files_.check_place(path);
}

Result<void> MountedFiles::write(const RelPath& path, ByteView bytes) {
    TRY_VOID(remove_leftover());
    TRY_VOID(files_.write(path, bytes));
    // Of the whole file system: the directories above may be new too.
    if (::syncfs(directory_.get()) != 0) return file_error(errno, "flush " + files_.name(path));
    return {};
}

Result<void> MountedFiles::stage(const RelPath& path,
                                 const std::filesystem::path& from,
                                 const Digest& digest) {
    TRY_VOID(files_.copy(path, from, digest));
    unsettled_.emplace_back(path, digest);
    return {};
}

Result<void> MountedFiles::replace(const RelPath& path,
                                   const std::filesystem::path& from,
                                   const Digest& digest) {
    TRY_VOID(remove_leftover());
    TRY_VOID(stage(exchange_, from, digest));
    TRY_VOID(files_.make_parents(path));
    TRY_VOID(settle());
    const std::optional<FileStatus> live = TRY(files_.status(path));
    TRY_VOID(files_.rename(exchange_, path, live ? RENAME_EXCHANGE : RENAME_NOREPLACE));
    TRY_VOID(settle());
    if (!live) return {};
    TRY_VOID(files_.remove(exchange_));
    return settle();
}

Result<void> MountedFiles::remove(const RelPath& path) {
    return files_.remove(path);
}

Result<void> MountedFiles::settle() {
    TRY_VOID(settle_file_system(directory_, name_));
    for (const auto& [path, digest] : unsettled_) TRY_VOID(check(path, digest));
    unsettled_.clear();
    return {};
}

Result<void> MountedFiles::check(const RelPath& path, const Digest& digest) {
    const std::optional<Fd> fd = TRY(files_.open_file(path));
    if (!fd) return Error(Errc::corrupt, files_.name(path) + " is gone right after it was written");
    return check_on_medium(*fd, digest, files_.name(path));
}

Result<std::optional<FreeSpace>> MountedFiles::free_space() {
    const FreeSpace space = TRY(free_space_at(directory_, name_));
    return space;
}

}  // namespace cordwainer
