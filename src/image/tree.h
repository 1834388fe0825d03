// A tree of files as it will be in a file system: names, owners, modes, dates and where the bytes
// are. Independent of how the machine that builds lists directories.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

namespace cordwainer::image {

// An extended attribute.
struct Attribute {
    std::string name = {};  // "security.capability", "user.comment"
    std::string value = {};
};

struct Node {
    enum class Kind { directory, file, symlink, fifo, character_device, block_device };

    Kind kind = Kind::directory;
    std::uint32_t mode = 0755;  // permission bits, set-id and sticky bits
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;   // seconds since 1970
    std::uint64_t size = 0;   // file: bytes
    std::uint64_t data = 0;   // file: bytes outside holes; at most `size`
    std::uint32_t major = 0;  // devices
    std::uint32_t minor = 0;
    std::uint32_t host_mode = 0;  // file: the mode of the file on the machine that builds
    std::string target = {};      // symlink
    // file: the directory on the machine that builds; the name there is the name here.
    std::shared_ptr<const std::string> host_directory = {};
    // file: device and inode there, where it has other links.
    std::optional<std::pair<std::uint64_t, std::uint64_t>> link = {};
    std::vector<Attribute> attributes = {};     // by name
    std::map<std::string, Node> children = {};  // directory; in the order of their bytes
    // directory: something in it is the build's own, to which a living machine will add.
    bool grows = false;

    [[nodiscard]] bool is_directory() const { return kind == Kind::directory; }
};

// How a directory of the machine that builds is read.
struct ScanRules {
    bool owner_root = false;                    // everything belongs to root
    std::optional<std::int64_t> youngest = {};  // later dates become this one
    // Everything has this date, belongs to root, and has mode 0755 or 0644, and directories grow:
    // for what the build itself wrote.
    std::optional<std::int64_t> made_at = {};
};

// Reads the tree below `directory` (a symbolic link to it is followed, those inside are not).
// Kept: the attributes user.* and security.capability. Sockets are left out and named in
// `warnings`. not_found, io: with the path.
[[nodiscard]] Result<Node> scan(const std::filesystem::path& directory,
                                const ScanRules& rules,
                                std::vector<std::string>& warnings);

// A directory that belongs to root.
[[nodiscard]] Node made_directory(std::int64_t mtime);

// The directory at `path` ("/" or "/a/b") below `root`, made with its parents where it is missing.
// invalid_input where something else is there; `root_name` is for messages.
[[nodiscard]] Result<Node*> directory_at(Node& root,
                                         const std::string& path,
                                         std::int64_t mtime,
                                         const std::string& root_name);

// Takes what is below the directory at `path` out of `root`; an empty directory stays there, as a
// mount point. What is taken has that directory's owner, mode and date.
[[nodiscard]] Result<Node> take(Node& root,
                                const std::string& path,
                                std::int64_t mtime,
                                const std::string& root_name);

// Removes what is at `path`, if anything is.
void remove(Node& root, const std::string& path);

// Lays `over` on `base`: its files replace those of the same path; directories that are there keep
// their owner, mode and date. invalid_input where one has a directory and the other has not.
[[nodiscard]] Result<void> overlay(Node& base, Node&& over, const std::string& path);

// Calls `visit` with every node below `root` and its path ("/a/b"), parents first, in order.
void walk(const Node& root, const std::function<void(const std::string& path, const Node&)>& visit);

// Where a file's bytes are on the machine that builds.
[[nodiscard]] std::string host_path(const Node& file, const std::string& name);

}  // namespace cordwainer::image
