// A file target on a mounted ext4, xfs or btrfs: what a loader reads without replaying a journal
// is, at every moment, the old file or the new one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apply/ports.h"
#include "host/files_below.h"
#include "sys/descriptor.h"

namespace cordwainer {

class MountedFiles : public FileTarget {
  public:
    // The directory `path` inside the system whose root is `root`, made where it is missing.
    // `own` is the target's own directory below it: a file that is to be exchanged with a live one
    // is prepared there. unsupported where the file system is of another kind.
    [[nodiscard]] static Result<std::unique_ptr<MountedFiles>> open(
        const std::filesystem::path& root, const std::string& path, const RelPath& own);

    Result<std::optional<FileState>> look(const RelPath& path) override;
    Result<std::optional<Bytes>> read(const RelPath& path) override;
    Result<std::optional<Digest>> digest(const RelPath& path) override;
    Result<void> check_place(const RelPath& path) override;
    Result<void> write(const RelPath& path, ByteView bytes) override;
    Result<void> stage(const RelPath& path,
                       const std::filesystem::path& from,
                       const Digest& digest) override;

    // Prepares the file under a name of its own, settles, exchanges the two names, settles, and
    // only then unlinks the old file. Never renames over: a loader that replays no journal could
    // find neither.
    Result<void> replace(const RelPath& path,
                         const std::filesystem::path& from,
                         const Digest& digest) override;

    Result<void> remove(const RelPath& path) override;

    // Then drops what was staged from the page cache, reads it back and compares.
    Result<void> settle() override;

    Result<std::optional<FreeSpace>> free_space() override;

  private:
    MountedFiles(FilesBelow files, Fd directory, std::string name, RelPath exchange)
        : files_(std::move(files)),
          directory_(std::move(directory)),
          name_(std::move(name)),
          exchange_(std::move(exchange)) {}

    Result<void> remove_leftover();
    Result<void> check(const RelPath& path, const Digest& digest);

    FilesBelow files_;
    Fd directory_;
    std::string name_;
    RelPath exchange_;  // what is exchanged with a live file
    std::vector<std::pair<RelPath, Digest>> unsettled_;
};

}  // namespace cordwainer
