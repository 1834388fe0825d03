// A file target on a mounted FAT, as EFI system partitions are: what a cut leaves is whole for the
// firmware, and a next run makes nothing worse.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apply/ports.h"
#include "host/files_below.h"
#include "sys/descriptor.h"

namespace cordwainer {

// FAT keeps a file in three places that nothing ties together: its data, its chain of clusters in
// the table, and its directory entry (name, size, first cluster). There is no journal and no order
// but the one that is made here:
//
// - data and chain are on the disk before the entry that leads to them, so that no entry leads to
//   clusters that are free, and later somebody else's;
// - an entry is gone from the disk before its clusters are freed, for the same reason;
// - two files are exchanged (two entries, in two sectors) only when both are on the disk. A cut
//   between the two leaves both names with one chain, and removing either would free the other's
//   clusters. So first clusters are compared before anything is unlinked, and a file that shares is
//   left as it is and told of. fsck.fat, which systems run when they start, separates the two: it
//   looks at a directory's files in their order, then at its directories, and empties the second of
//   the two that it meets. That must never be the live file, so the other is in the same directory,
//   behind it;
// - a directory that is full grows by a cluster: a mark in the table that it is taken, and a link
//   to it, perhaps in two sectors. A cut that keeps the link alone leaves a directory that leads
//   into a free cluster; Linux and GRUB read it all the same, but UEFI firmware (EDK II) then gives
//   up what is beside it too. So a directory is made large at once, before anything in it counts
//   (formats/fat_room.h; images' are so from the beginning); one that somebody else has made small
//   grows once.
class MountedFat : public FileTarget {
  public:
    // The directory `path` inside the system whose root is `root`, made where it is missing.
    // unsupported before Linux 6.0, which cannot exchange two files on FAT.
    [[nodiscard]] static Result<std::unique_ptr<MountedFat>> open(const std::filesystem::path& root,
                                                                  const std::string& path);

    // The stamp is the first cluster: times have a resolution of two seconds, and an exchange does
    // not change them. Needs CAP_SYS_RAWIO.
    Result<std::optional<FileState>> look(const RelPath& path) override;
    Result<std::optional<Bytes>> read(const RelPath& path) override;
    Result<std::optional<Digest>> digest(const RelPath& path) override;
    Result<void> check_place(const RelPath& path) override;

    // refused, as staging is, for a name that FAT cannot have, and where a file of that name shares
    // its clusters.
    Result<void> write(const RelPath& path, ByteView bytes) override;

    // Made under its own name: a rename is two entries with one chain, as an exchange is.
    Result<void> stage(const RelPath& path,
                       const std::filesystem::path& from,
                       const Digest& digest) override;

    // Where nothing is at `path`, as stage and settle: then nobody reads it, or all of it.
    Result<void> replace(const RelPath& path,
                         const std::filesystem::path& from,
                         const Digest& digest) override;

    // A file that shares its clusters stays.
    Result<void> remove(const RelPath& path) override;

    // Then drops what was staged from the page cache, reads it back and compares.
    Result<void> settle() override;

    Result<std::optional<FreeSpace>> free_space() override;
    Result<std::uint64_t> growth_of(const std::string& directory) override;

    // The files that share their clusters, and were left.
    std::vector<std::string> take_warnings() override;

  private:
    MountedFat(FilesBelow files, Fd directory, Fd device, std::string name)
        : files_(std::move(files)),
          directory_(std::move(directory)),
          device_(std::move(device)),
          name_(std::move(name)) {}

    struct Written {
        RelPath path;
        Fd file;
        Digest digest;
    };

    // Where a file is to be prepared, and the empty ones before it, which go with it.
    struct Prepared {
        RelPath path;
        std::vector<RelPath> fillers;
    };

    [[nodiscard]] Result<void> check_name(const RelPath& path) const;
    Result<std::optional<RelPath>> shares_with(const RelPath& path);
    [[nodiscard]] std::string shared(const RelPath& path, const RelPath& other) const;
    Result<void> make_way(const RelPath& path);
    Result<void> make_room(const RelPath& path);
    Result<bool> retire(const RelPath& path);
    Result<void> remove_leftovers();
    Result<Prepared> find_place(const RelPath& live);
    Result<bool> is_behind(const RelPath& path, const RelPath& other);
    Result<void> exchange(const RelPath& prepared, const RelPath& live);
    Result<void> written(const RelPath& path, const Digest& digest);
    Result<void> free_unlinked();
    Result<void> flush_device();
    Result<void> flush_all();

    FilesBelow files_;
    Fd directory_;
    Fd device_;  // that holds the file system
    std::string name_;
    bool tidy_ = false;  // whether leftovers are removed
    std::vector<Written> unsettled_;
    std::vector<Fd> unlinked_;     // held open, so that their clusters stay taken
    std::set<std::string> roomy_;  // what make_room has looked at
    std::set<std::string> warnings_;
};

// Whether the Linux of this release ("6.1.0-13-amd64") can exchange two files on FAT; unsupported,
// saying so, where it cannot. `name` is the directory on FAT, for messages.
[[nodiscard]] Result<void> check_exchange_on_fat(const std::string& release,
                                                 const std::string& name);

}  // namespace cordwainer
