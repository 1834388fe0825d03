// The root of a system: every path of that system is looked up below it, absolute symbolic links
// and ".." included, as if after chroot(2), and nothing outside can be reached.
//
// Paths are inside the system: "/gnu/store" and "gnu/store" are the same. Errors name them with the
// root in front, which is where the user finds them. Needs openat2(2), Linux 5.6.
#pragma once

#include <cstdint>
#include <fcntl.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "sys/descriptor.h"
#include "sys/file_io.h"

namespace cordwainer {

enum class FileKind { regular, directory, symbolic_link, other };

struct FileStatus {
    FileKind kind = FileKind::other;
    std::uint64_t size = 0;    // bytes
    std::uint64_t device = 0;  // st_dev
    std::uint64_t inode = 0;
    std::int64_t modified = 0;  // nanoseconds since 1970
    std::int64_t changed = 0;   // nanoseconds since 1970 (ctime)

    bool operator==(const FileStatus&) const = default;
};

// The status of an open file; `name` is for messages.
[[nodiscard]] Result<FileStatus> status_of(const Fd& fd, const std::string& name);

// The status of `name` in an open directory, of itself where it is a symbolic link; `shown` is its
// name in messages.
[[nodiscard]] Result<FileStatus> status_at(const Fd& directory,
                                           const char* name,
                                           const std::string& shown);

struct SymbolicLink {
    FileStatus status;  // of the link itself
    std::string text;
};

// The symbolic link `name` in an open directory, or for "" the one that is open itself (O_PATH);
// `shown` is its name in messages. invalid_input where that is no link.
[[nodiscard]] Result<SymbolicLink> link_at(const Fd& directory,
                                           const char* name,
                                           const std::string& shown);

struct DirectoryEntry {
    std::string name;
    FileKind kind = FileKind::other;  // of the entry itself: a link is not followed
};

class Root {
  public:
    // `directory`: on the machine that runs cordwainer. not_found where there is none.
    [[nodiscard]] static Result<Root> open(const std::string& directory);

    // The root's own path, absolute and without symbolic links: "/" or "/mnt/system".
    [[nodiscard]] const std::string& path() const { return path_; }

    // Where `path` is found on the machine as far as names go: for messages, and for writing below
    // directories that the caller knows. Follows nothing.
    [[nodiscard]] std::string outside(std::string_view path) const;

    // The path inside of something on the machine (absolute or relative to the working directory);
    // nothing where it does not lie below the root. It need not exist.
    [[nodiscard]] std::optional<std::string> inside(const std::string& machine_path) const;

    // open(2) with `flags` and O_CLOEXEC. Links are followed inside the root.
    [[nodiscard]] Result<Fd> open_file(std::string_view path, int flags = O_RDONLY) const;

    // Links followed; nothing where nothing is there, or a link leads nowhere.
    [[nodiscard]] Result<std::optional<FileStatus>> status(std::string_view path) const;

    // Of the last component itself, even if it is a link.
    [[nodiscard]] Result<std::optional<FileStatus>> link_status(std::string_view path) const;

    // The symbolic link at `path`; invalid_input where that is no link, not_found where nothing is.
    [[nodiscard]] Result<SymbolicLink> link(std::string_view path) const;

    // Its text.
    [[nodiscard]] Result<std::string> read_link(std::string_view path) const;

    // Where the links that `path` names lead in the end, by their texts: absolute, inside. Links in
    // the directories on the way stay as they are. not_found where nothing is there.
    [[nodiscard]] Result<std::string> follow(std::string_view path) const;

    // All of a regular file; errors as read_file (sys/file_io.h).
    [[nodiscard]] Result<std::string> read(std::string_view path,
                                           std::uint64_t limit = kReadLimit) const;

    // The entries of a directory but "." and "..", sorted by name.
    [[nodiscard]] Result<std::vector<DirectoryEntry>> list(std::string_view path) const;

    // Makes the directory `path` and those above it, where they are missing (mode 0755), durably.
    [[nodiscard]] Result<void> make_directories(std::string_view path) const;

  private:
    Root(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    Result<std::optional<FileStatus>> status_with(std::string_view path, int flags) const;

    Fd fd_;
    std::string path_;
};

}  // namespace cordwainer
