// Files below a directory that no path leads out of: what the file targets of trees and of mounted
// file systems have in common.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apply/ports.h"
#include "core/bytes.h"
#include "core/error.h"
#include "core/rel_path.h"
#include "core/sha256.h"
#include "sys/descriptor.h"
#include "sys/root.h"

namespace cordwainer {

// Drops a file's clean pages, so that reading goes to the medium, and compares what it gives back:
// corrupt where that does not have the digest. `name` is for messages.
[[nodiscard]] Result<void> check_on_medium(const Fd& file,
                                           const Digest& digest,
                                           const std::string& name);

// Room on the file system of an open directory.
[[nodiscard]] Result<FreeSpace> free_space_at(const Fd& directory, const std::string& name);

class FilesBelow {
  public:
    // The directory `path` ("/boot/grub"; "/" or "" for the root itself) inside `root`, made where
    // it is missing. Symbolic links are followed inside the root only, absolute ones as if it were
    // the machine's root. Files get mode 0644, directories 0755, whatever the umask.
    [[nodiscard]] static Result<FilesBelow> open(const std::filesystem::path& root,
                                                 const std::string& path);

    // Where the directory is, and `path` in it, for messages.
    [[nodiscard]] std::string name() const;
    [[nodiscard]] std::string name(const RelPath& path) const;

    // The directory itself.
    [[nodiscard]] Result<Fd> directory() const;

    // The regular file at `path`, not through a link; nothing where there is none.
    [[nodiscard]] Result<std::optional<FileStatus>> status(const RelPath& path) const;

    // As FileTarget::check_place.
    [[nodiscard]] Result<void> check_place(const RelPath& path) const;

    // The directory at `path`, or with "" the one that all is below; nothing where there is none.
    [[nodiscard]] Result<std::optional<FileStatus>> directory_status(const std::string& path) const;

    // Opens that file for reading; nothing where there is none.
    [[nodiscard]] Result<std::optional<Fd>> open_file(const RelPath& path) const;

    // Every regular file below, in no particular order; links are not followed.
    [[nodiscard]] Result<std::vector<RelPath>> all() const;

    // Descriptors of the file, where it is there, and of the directories above it below the target:
    // while one is open, its space is not freed though its name is removed.
    [[nodiscard]] Result<std::vector<Fd>> hold(const RelPath& path) const;

    // All of it, its digest; nothing where there is none.
    [[nodiscard]] Result<std::optional<Bytes>> read(const RelPath& path) const;
    [[nodiscard]] Result<std::optional<Digest>> digest(const RelPath& path) const;

    // Makes the file anew with these bytes; what was there is unlinked, not written over. Parent
    // directories are made. Nothing is flushed.
    [[nodiscard]] Result<void> write(const RelPath& path, ByteView bytes);

    // The same with a copy of `from`: corrupt, and no file, where it has another digest.
    [[nodiscard]] Result<void> copy(const RelPath& path,
                                    const std::filesystem::path& from,
                                    const Digest& digest);

    // renameat2(2) with these flags. The directories of both must exist.
    [[nodiscard]] Result<void> rename(const RelPath& from, const RelPath& to, unsigned flags);

    // Removes the file, and its parent directories below the target that this leaves empty. No
    // error where it is not there.
    [[nodiscard]] Result<void> remove(const RelPath& path);

    // Makes the directories above `path` where they are missing.
    [[nodiscard]] Result<void> make_parents(const RelPath& path);

    // The directory that holds `path`, made where it is missing; the descriptor stays this
    // object's, and is good until the next call of a function that changes something.
    [[nodiscard]] Result<int> parent_of(const RelPath& path);

  private:
    FilesBelow(Root root, std::string base) : root_(std::move(root)), base_(std::move(base)) {}

    [[nodiscard]] std::string inside(const RelPath& path) const;
    Result<Fd> create(const RelPath& path);
    // Makes parent_ the directory `path` inside the root.
    Result<void> open_parent(const std::string& path) const;

    Root root_;
    std::string base_;  // the directory inside the root, without a trailing "/"
    // The directory that was looked at or written to last: modules come by the hundred.
    mutable std::string parent_path_;
    mutable Fd parent_;
};

}  // namespace cordwainer
