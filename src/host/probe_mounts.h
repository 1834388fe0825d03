// The kernel's mount table, and the one that a system means to have.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "sys/root.h"

namespace cordwainer {

struct Mount {
    int id = 0;
    int parent = 0;
    std::uint64_t device = 0;  // dev_t; its major number is 0 where the file system has no device
    std::string directory;     // what of the file system is mounted: "/", "/@root"
    std::string mount_point;   // on the machine
    std::string type;          // as the kernel names it
    std::string source;        // "/dev/sda2", "tmpfs"
};

class MountTable {
  public:
    // Reads a file in the notation of /proc/self/mountinfo (proc(5)).
    [[nodiscard]] static Result<MountTable> read(const std::filesystem::path& mountinfo);

    // The mount that the absolute machine path `path`, without links, leads into; null where none
    // does. What another mount hides is not found.
    [[nodiscard]] const Mount* of(const std::string& path) const;

    // The mounts that a path leads to, in the order of their mount points.
    [[nodiscard]] std::vector<const Mount*> visible() const;

  private:
    std::vector<Mount> mounts_;
};

// "/boot" for "/boot/" and "//boot"; "/" for the root.
[[nodiscard]] std::string without_slashes_at_end(std::string path);

// Whether the clean absolute path `path` is `directory` or lies below it.
[[nodiscard]] bool lies_in(const std::string& path, const std::string& directory);

// What follows `directory` in a path that lies in it: "" or "/grub".
[[nodiscard]] std::string below(const std::string& path, const std::string& directory);

// Where the system's /etc/fstab mounts something, but at "/": absolute, inside the system. None
// where there is no such file.
[[nodiscard]] Result<std::vector<std::string>> intended_mount_points(const Root& system);

}  // namespace cordwainer
