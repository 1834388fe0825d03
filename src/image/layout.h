// A layout: what a disk image consists of. Everything that identifies a part of the image is chosen
// here, before anything is written, so that a plan can be made without a device.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/uuid.h"
#include "image/partition_types.h"
#include "image/size_text.h"
#include "model/config_value.h"

namespace cordwainer::image {

enum class TableKind { gpt, mbr, hybrid_mbr };

enum class FileSystem { none, vfat, ext4, btrfs, swap };

// A directory whose content goes into a partition.
struct Contents {
    std::filesystem::path from = {};  // on the machine that builds
    std::string to = {};              // absolute, inside the file system: "/" or "/data"
    bool owner_root = false;          // everything belongs to root; else owners are kept
    Location location = {};
};

// A btrfs subvolume.
struct Subvolume {
    std::string name = {};                  // below the top of the file system: "@root"
    std::optional<std::string> mount = {};  // what part of the system's tree it holds
    Location location = {};
};

// A LUKS container around a file system.
struct Encryption {
    int version = 2;
    std::string passphrase = {};                   // or, where it is empty:
    std::filesystem::path passphrase_file = {};    // one newline at its end is not part of it
    std::string pbkdf = "pbkdf2";                  // "pbkdf2", "argon2i", "argon2id"
    std::optional<std::uint64_t> iterations = {};  // none: what takes about two seconds here
    std::optional<std::uint64_t> memory_kib = {};  // argon2
    std::optional<std::uint64_t> parallel = {};    // argon2
    unsigned key_bits = 512;                       // of both XTS halves together: 256 or 512
    std::string hash = "sha256";
    unsigned sector_size = 512;             // bytes
    std::optional<std::string> label = {};  // LUKS2
    std::optional<Uuid> uuid = {};          // always set once parsed
    Location location = {};
};

struct Partition {
    std::size_t number = 0;  // from 1, as in the partition table
    Location location = {};
    PartitionType type = {};
    std::string label = {};         // GPT partition name
    std::optional<Uuid> uuid = {};  // GPT; always set there once parsed
    Size size = {};
    std::uint64_t alignment = kMiB;         // of its start, bytes
    bool bootable = false;                  // MBR active flag
    std::vector<unsigned> attributes = {};  // GPT attribute bits, ascending
    std::optional<std::uint8_t> hybrid_type =
        {};  // also in the MBR of a hybrid table, as this type
    FileSystem file_system = FileSystem::none;
    std::optional<std::string> file_system_label = {};
    std::optional<Uuid> file_system_uuid =
        {};                                 // always set once parsed, where there is a file system
    std::optional<std::string> mount = {};  // what part of the system's tree it holds
    std::vector<Contents> contents = {};
    std::vector<Subvolume> subvolumes = {};
    std::optional<Encryption> encryption = {};
};

// Where a kernel for the guest that fills btrfs subvolumes is.
struct GuestFiles {
    std::optional<std::filesystem::path> kernel = {};
    std::optional<std::filesystem::path> modules = {};  // a directory such as /lib/modules/6.1.0
};

struct Layout {
    std::string file = {};  // for messages
    TableKind table = TableKind::gpt;
    std::optional<std::uint64_t> size = {};          // bytes; none: as large as the partitions need
    std::optional<Uuid> disk_uuid = {};              // GPT; set once parsed
    std::uint32_t disk_id = 0;                       // MBR disk identifier
    std::optional<std::filesystem::path> root = {};  // the tree of the system
    Location root_location = {};                     // where the layout names it
    bool root_owner = false;                         // everything in it belongs to root
    GuestFiles guest = {};
    std::int64_t epoch = 0;    // seconds since 1970: the date of everything that the build makes
    bool clamp_dates = false;  // no file is younger than `epoch`
    std::vector<Partition> partitions = {};
};

// What a layout depends on apart from its text.
struct LayoutContext {
    std::filesystem::path directory = {};                // what its paths are relative to
    std::optional<std::int64_t> source_date_epoch = {};  // the variable SOURCE_DATE_EPOCH
};

// Checks a layout against its schema (image/layout_schema.h) and against what is possible, and
// chooses every identifier that it leaves open: the same layout and date give the same ones,
// wherever its files lie. Opens no file. invalid_input: all that is wrong, one line each with file,
// line and column.
[[nodiscard]] Result<Layout> parse_layout(const ConfigValue& value, const LayoutContext& context);

// "vfat", "ext4", …: blkid's names; "none".
[[nodiscard]] const char* name_of(FileSystem file_system);

// How messages name a partition: `partition 2 ("root")`.
[[nodiscard]] std::string title_of(const Partition& partition);

// A place of the system's tree and what holds it.
struct Mount {
    std::string path = {};      // absolute: "/", "/boot/efi"
    std::size_t partition = 0;  // index into Layout::partitions
    std::string prefix = {};    // "" or "/@root": the directory of its file system

    bool operator==(const Mount&) const = default;
};

// Every mount of the layout, outer ones before inner ones.
[[nodiscard]] std::vector<Mount> mounts_of(const Layout& layout);

}  // namespace cordwainer::image
