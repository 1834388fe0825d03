// What is on a device: the file system or container by its superblock, or the partition table.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/uuid.h"

namespace cordwainer {

// A file system, a container, or a member of something. Empty strings: nothing there.
struct Signature {
    enum class Usage { nothing, file_system, container, member };  // container: LUKS
    Usage usage = Usage::nothing;
    std::string type;    // libblkid's name: "ext4", "crypto_LUKS"
    std::string uuid;    // as libblkid writes it
    std::string member;  // which member of a file system of several devices (UUID_SUB)
    std::optional<std::string> label;

    [[nodiscard]] bool has_file_system() const { return usage == Usage::file_system; }
};

// Reads the superblocks of a device or a file. refused where more than one file system could be
// meant; an error where it cannot be read.
[[nodiscard]] Result<Signature> read_signature(const std::filesystem::path& node);

struct TablePartition {
    int number = 0;
    std::string type;  // GPT: its type's GUID, lower case; MBR: "0x83"
    std::string uuid;
    std::uint64_t first_byte = 0;
    std::uint64_t bytes = 0;
};

struct DiskTable {
    std::string type;  // libblkid's name: "gpt", "dos"
    std::string uuid;
    std::vector<TablePartition> partitions;  // in the table's order
};

// Reads the partition table; nothing where there is none.
[[nodiscard]] Result<std::optional<DiskTable>> read_table(const std::filesystem::path& node,
                                                          std::uint32_t sector_size);

// The flags of the file system that bear on who can read it, in the names of its mkfs: all of
// ext2, ext3 and ext4, the incompatible ones of xfs, btrfs and f2fs. `type` is libblkid's name.
[[nodiscard]] Result<std::vector<std::string>> read_features(const std::filesystem::path& node,
                                                             const std::string& type);

}  // namespace cordwainer
