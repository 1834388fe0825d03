#include "host/mounted_fat.h"

#include <blkid/blkid.h>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string_view>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "formats/fat_names.h"
#include "formats/fat_room.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

// Names for what is to be exchanged, each in the directory of the live file: "CORDWAIN.X00" to
// "CORDWAIN.X63". Names like that take one entry, for which there is nearly always room in a small
// directory: that need not grow. A name is lost to a leftover that shares its clusters, of which a
// cut leaves two at most, and to a gap in the directory before the live file.
constexpr std::string_view kExchangeName = "CORDWAIN.X";
constexpr int kExchangeNames = 64;

// So many descriptors are held at most until what they keep is settled: a process may have 1024 by
// default, and GRUB's modules for two platforms are more than 550 files.
constexpr std::size_t kMostHeld = 256;

// Gives a directory entries until it is kFatRoom large, and removes them; a directory on FAT stays
// as large as it was once. Where the disk is full before that, what needs more will say so. Whether
// it has grown.
Result<bool> enlarge(int directory, const std::string& name) {
    Result<bool> done = false;
    for (int number = 0; number < kFatRoomNames && done; ++number) {
        struct stat status{};
        if (::fstat(directory, &status) != 0) return file_error(errno, "look at " + name);
        if (static_cast<std::uint64_t>(status.st_size) >= kFatRoom) break;
        constexpr int kFlags = O_WRONLY | O_CREAT | O_CLOEXEC;
        const Fd file(::openat(directory, fat_room_name(number).c_str(), kFlags, 0600));
        if (!file && errno == ENOSPC) break;
        done = file ? Result<bool>(true) : file_error(errno, "make a file in " + name);
    }
    for (int number = 0; number < kFatRoomNames; ++number) {
        if (::unlinkat(directory, fat_room_name(number).c_str(), 0) != 0 && errno != ENOENT && done)
            done = file_error(errno, "remove a file from " + name);
    }
    return done;
}

Result<Fd> open_device(const Fd& directory, const std::string& name) {
    struct stat status{};
    if (::fstat(directory.get(), &status) != 0) return file_error(errno, "look at " + name);
    const std::unique_ptr<char, decltype(&::free)> node(::blkid_devno_to_devname(status.st_dev),
                                                        &::free);
    if (!node) return Error(Errc::not_found, "there is no device node of the disk of " + name);
    // For flushing; a descriptor that cannot write does that too.
    return open_file(node.get(), O_RDONLY);
}

Result<void> flush_file(const Fd& file, const std::string& name) {
    if (::fsync(file.get()) != 0) return file_error(errno, "flush " + name);
    return {};
}

// The sector where the first cluster starts; 0 for a file without clusters. Looks at the directory
// entry alone, so it is safe also where the chain is damaged.
Result<int> first_cluster(const Fd& file, const std::string& name) {
    int block = 0;
    if (::ioctl(file.get(), FIBMAP, &block) == 0) return block;
    Error error = system_error(errno, "find the first cluster of " + name);
    if (error.sys_errno == EPERM) {
        error.code = Errc::refused;
        error.notes.back() += " (it takes root with CAP_SYS_RAWIO)";
    }
    return error;
}

Result<RelPath> exchange_name(const RelPath& live, int number) {
    std::string path = live.text().substr(0, live.text().rfind('/') + 1);
    path += kExchangeName;
    path += std::to_string(number / 10) + std::to_string(number % 10);
    return RelPath::parse(path);
}

bool is_exchange_name(const RelPath& path) {
    // Some mounts show such names in small letters.
    return path.name().size() == kExchangeName.size() + 2 &&
           ::strncasecmp(path.name().c_str(), kExchangeName.data(), kExchangeName.size()) == 0;
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

Result<void> check_exchange_on_fat(const std::string& release, const std::string& name) {
    constexpr int kFirst = 6;
    int major = 0;
    std::from_chars(release.data(), release.data() + release.size(), major);
    if (major >= kFirst) return {};
    return Error(Errc::unsupported,
                 name + " is on FAT, and Linux " + release +
                     " cannot exchange two files there at once: it takes Linux 6.0");
}

Result<std::unique_ptr<MountedFat>> MountedFat::open(const std::filesystem::path& root,
                                                     const std::string& path) {
    struct utsname system{};
    if (::uname(&system) != 0) return system_error(errno, "ask for the kernel's release");
    TRY_VOID(check_exchange_on_fat(static_cast<const char*>(system.release), path));
    FilesBelow files = TRY(FilesBelow::open(root, path));
    Fd directory = TRY(files.directory());
    std::string name = files.name();
    Fd device = TRY(open_device(directory, name));
    return std::unique_ptr<MountedFat>(
        new MountedFat(std::move(files), std::move(directory), std::move(device), std::move(name)));
}

Result<std::optional<FileState>> MountedFat::look(const RelPath& path) {
    const std::optional<Fd> file = TRY(files_.open_file(path));
    if (!file) return std::nullopt;
    const FileStatus status = TRY(status_of(*file, files_.name(path)));
    const int first = TRY(first_cluster(*file, files_.name(path)));
    return FileState{.size = status.size, .stamp = std::to_string(first)};
}

Result<std::optional<Bytes>> MountedFat::read(const RelPath& path) {
    return files_.read(path);
}

Result<std::optional<Digest>> MountedFat::digest(const RelPath& path) {
    return files_.digest(path);
}

Result<void> MountedFat::check_place(const RelPath& path) {
    return files_.check_place(path);
}

Result<void> MountedFat::write(const RelPath& path, ByteView bytes) {
    TRY_VOID(check_name(path));
    TRY_VOID(remove_leftovers());
    TRY_VOID(make_way(path));
    TRY_VOID(files_.write(path, bytes));
    TRY_VOID(written(path, sha256(bytes)));
    return settle();
}

Result<void> MountedFat::stage(const RelPath& path,
                               const std::filesystem::path& from,
                               const Digest& digest) {
    TRY_VOID(check_name(path));
    TRY_VOID(make_way(path));
    TRY_VOID(files_.copy(path, from, digest));
    return written(path, digest);
}

Result<void> MountedFat::replace(const RelPath& path,
                                 const std::filesystem::path& from,
                                 const Digest& digest) {
    const std::optional<FileStatus> live = TRY(files_.status(path));
    if (!live) {
        TRY_VOID(stage(path, from, digest));
        return settle();
    }
    TRY_VOID(check_name(path));
    TRY_VOID(remove_leftovers());
    const Prepared prepared = TRY(find_place(path));
    // Takes the entry of the empty file.
    TRY_VOID(files_.copy(prepared.path, from, digest));
    TRY_VOID(written(prepared.path, digest));
    TRY_VOID(settle());
    TRY_VOID(exchange(prepared.path, path));
    // Shared where the old file shared its clusters with a leftover: then there are two leftovers.
    TRY_VOID(retire(prepared.path));
    for (const RelPath& filler : prepared.fillers) TRY_VOID(retire(filler));
    return settle();
}

Result<void> MountedFat::exchange(const RelPath& prepared, const RelPath& live) {
    const Result<void> exchanged = files_.rename(prepared, live, RENAME_EXCHANGE);
    if (!exchanged) {
        Error error = exchanged.error();
        if (error.sys_errno == EINVAL) error.code = Errc::unsupported;
        TRY_VOID(retire(prepared));
        return error;
    }
    // Each of the two entries by its file's fsync, since that of the directory and syncfs tell the
    // disk nothing: it could keep one entry and lose the other, also long after.
    for (const RelPath& path : {live, prepared}) {
        const std::optional<Fd> file = TRY(files_.open_file(path));
        if (file) TRY_VOID(flush_file(*file, files_.name(path)));
    }
    return flush_all();
}

Result<void> MountedFat::remove(const RelPath& path) {
    TRY_VOID(retire(path));
    return {};
}

Result<void> MountedFat::settle() {
    // Data and chains first: an entry is written by its file's fsync, which does it before the
    // chain if that is not on the disk yet, with nothing between the two that a disk would heed.
    constexpr unsigned kData =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    for (const Written& written : unsettled_) {
        if (::sync_file_range(written.file.get(), 0, 0, kData) != 0)
            return file_error(errno, "write " + files_.name(written.path));
    }
    TRY_VOID(flush_device());
    for (const Written& written : unsettled_)
        TRY_VOID(flush_file(written.file, files_.name(written.path)));
    TRY_VOID(flush_all());
    TRY_VOID(free_unlinked());
    for (const Written& written : unsettled_)
        TRY_VOID(check_on_medium(written.file, written.digest, files_.name(written.path)));
    unsettled_.clear();
    return {};
}

// Once no entry on the disk leads to them any more: closing them frees their clusters.
Result<void> MountedFat::free_unlinked() {
    if (unlinked_.empty()) return {};
    unlinked_.clear();
    return flush_all();
}

Result<std::optional<FreeSpace>> MountedFat::free_space() {
    const FreeSpace space = TRY(free_space_at(directory_, name_));
    return space;
}

Result<std::uint64_t> MountedFat::growth_of(const std::string& directory) {
    const auto there = TRY(files_.directory_status(directory));
    const std::uint64_t size = there ? there->size : 0;
    return size < kFatRoom ? kFatRoom - size : 0;
}

std::vector<std::string> MountedFat::take_warnings() {
    std::vector<std::string> taken(warnings_.begin(), warnings_.end());
    warnings_.clear();
    return taken;
}

Result<void> MountedFat::check_name(const RelPath& path) const {
    for (const auto& component : std::filesystem::path(path.text())) {
        if (const auto wrong = wrong_fat_name(component.string()))
            return Error(Errc::refused, files_.name(path) + ": " + *wrong);
    }
    return {};
}

// Another file of the target with the same first cluster. Files of other targets on the same file
// system need no look: nothing is ever exchanged with them.
Result<std::optional<RelPath>> MountedFat::shares_with(const RelPath& path) {
    const std::optional<Fd> file = TRY(files_.open_file(path));
    if (!file) return std::nullopt;
    const int first = TRY(first_cluster(*file, files_.name(path)));
    if (first == 0) return std::nullopt;
    const FileStatus status = TRY(status_of(*file, files_.name(path)));
    const std::vector<RelPath> others = TRY(files_.all());
    for (const RelPath& other : others) {
        const std::optional<Fd> there = TRY(files_.open_file(other));
        if (!there) continue;
        // The file itself, perhaps by a name of another case; or on what is mounted below.
        const FileStatus its = TRY(status_of(*there, files_.name(other)));
        if (its.inode == status.inode || its.device != status.device) continue;
        const int its_first = TRY(first_cluster(*there, files_.name(other)));
        if (its_first == first) return other;
    }
    return std::nullopt;
}

std::string MountedFat::shared(const RelPath& path, const RelPath& other) const {
    return files_.name(path) + " shares its clusters with " + files_.name(other) +
           ", as a power cut in the middle of an exchange leaves it. It is kept as it is, since "
           "removing it would destroy the other; unmount the file system and run \"fsck.fat -a\" "
           "on "
           "it to separate the two";
}

// Unlinks a file, and keeps its clusters taken until the next settle().
// False where it shares them with another file: then it stays, and the user is told.
Result<bool> MountedFat::retire(const RelPath& path) {
    const std::optional<RelPath> other = TRY(shares_with(path));
    if (other) {
        warnings_.insert(shared(path, *other));
        return false;
    }
    std::vector<Fd> held = TRY(files_.hold(path));
    TRY_VOID(files_.remove(path));
    roomy_.clear();  // a directory that is empty now is gone
    for (Fd& fd : held) unlinked_.push_back(std::move(fd));
    if (unlinked_.size() >= kMostHeld) {
        TRY_VOID(flush_all());
        TRY_VOID(free_unlinked());
    }
    return true;
}

// Before a file is made anew: what there is of that name will be unlinked, so it must not share its
// clusters, and they stay taken until the next settle().
Result<void> MountedFat::make_way(const RelPath& path) {
    const std::optional<RelPath> other = TRY(shares_with(path));
    if (other) {
        return Error(Errc::refused,
                     files_.name(path) + " cannot be written anew: " + shared(path, *other));
    }
    std::optional<Fd> file = TRY(files_.open_file(path));
    if (file) unlinked_.push_back(std::move(*file));
    return make_room(path);
}

// Makes the directories above `path` where they are missing, and each in which that, or `path`, is
// made large enough. What a cut run has left of that goes too.
Result<void> MountedFat::make_room(const RelPath& path) {
    for (std::size_t end = 0; end != std::string::npos;) {
        end = path.text().find('/', end + 1);
        const RelPath part = TRY(RelPath::parse(path.text().substr(0, end)));
        const std::string directory = std::filesystem::path(part.text()).parent_path().string();
        // One in which nothing is made stays as it is: the root, and EFI with others' loaders.
        if (end != std::string::npos) {
            const auto there = TRY(files_.directory_status(part.text()));
            if (there) continue;
        }
        if (!roomy_.insert(directory).second) continue;
        const int descriptor = TRY(files_.parent_of(part));
        const bool grown = TRY(enlarge(descriptor, name_ + "/" + directory));
        if (grown) TRY_VOID(flush_all());
    }
    return {};
}

// Removes what cut runs left of their exchanges, but for what shares its clusters. Once, since it
// looks at every file.
Result<void> MountedFat::remove_leftovers() {
    if (std::exchange(tidy_, true)) return {};
    bool flushed = false;
    const std::vector<RelPath> files = TRY(files_.all());
    for (const RelPath& path : files) {
        if (!is_exchange_name(path)) continue;
        // A process that was killed may have exchanged it and not flushed: on the disk it may still
        // be the live file.
        if (!std::exchange(flushed, true)) TRY_VOID(flush_all());
        TRY_VOID(retire(path));
    }
    return {};
}

// A name in the directory of a live file and behind it there. Linux takes the first gap that is
// large enough, so those before the live file are filled.
Result<MountedFat::Prepared> MountedFat::find_place(const RelPath& live) {
    std::vector<RelPath> fillers;
    for (int number = 0; number < kExchangeNames; ++number) {
        RelPath name = TRY(exchange_name(live, number));
        const auto leftover = TRY(files_.status(name));
        if (leftover) continue;
        TRY_VOID(files_.write(name, {}));
        const bool behind = TRY(is_behind(name, live));
        if (behind) return Prepared{.path = std::move(name), .fillers = std::move(fillers)};
        fillers.push_back(std::move(name));
    }
    for (const RelPath& filler : fillers) TRY_VOID(retire(filler));
    return Error(Errc::refused,
                 "no place for a file behind " + files_.name(live) +
                     ", to exchange the two: its directory has many gaps, or files that share "
                     "their clusters; unmount the file system and run \"fsck.fat -a\" on it");
}

// Whether the entry of `path` comes after that of `other`, in the directory of both.
Result<bool> MountedFat::is_behind(const RelPath& path, const RelPath& other) {
    const int descriptor = TRY(files_.parent_of(path));
    // Open, so that Linux keeps the numbers that the directory is listed with.
    const std::optional<Fd> first = TRY(files_.open_file(path));
    const std::optional<Fd> second = TRY(files_.open_file(other));
    if (!first || !second) return Error(Errc::not_found, files_.name(other) + " is gone");
    const std::uint64_t inode = TRY(status_of(*first, files_.name(path))).inode;
    const std::uint64_t its_inode = TRY(status_of(*second, files_.name(other))).inode;

    Fd fd(::openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::string what = "list the directory of " + files_.name(other);
    const std::unique_ptr<DIR, CloseDirectory> directory(fd ? ::fdopendir(fd.get()) : nullptr);
    if (!directory) return file_error(errno, what);
    (void)fd.release();  // closed by closedir
    bool seen = false;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());
        if (!entry) break;
        if (entry->d_ino == inode) return seen;
        seen = seen || entry->d_ino == its_inode;
    }
    if (errno != 0) return file_error(errno, what);
    return Error(Errc::corrupt, files_.name(path) + " is not in its directory");
}

// Takes note of a file that was just made, for settle(); where there are many already, settles
// them.
Result<void> MountedFat::written(const RelPath& path, const Digest& digest) {
    std::optional<Fd> file = TRY(files_.open_file(path));
    if (!file) return Error(Errc::corrupt, files_.name(path) + " is gone right after it was made");
    unsettled_.push_back({path, std::move(*file), digest});
    if (unsettled_.size() + unlinked_.size() >= kMostHeld) return settle();
    return {};
}

// What is in the page cache of the device (the table, directories), then the disk's own cache.
Result<void> MountedFat::flush_device() {
    return flush_file(device_, "the disk of " + name_);
}

// syncfs brings entries into the page cache of the device and out of it, but tells the disk
// nothing; the device's fsync does.
Result<void> MountedFat::flush_all() {
    if (::syncfs(directory_.get()) != 0)
        return file_error(errno, "flush the file system of " + name_);
    return flush_device();
}

}  // namespace cordwainer
