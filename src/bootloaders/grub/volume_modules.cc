#include "bootloaders/grub/volume_modules.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cordwainer::grub {
namespace {

using TypeNames = std::array<std::string_view, 1>;

constexpr TypeNames kExt2{"ext2"};
constexpr TypeNames kBtrfs{"btrfs"};
constexpr TypeNames kXfs{"xfs"};
constexpr TypeNames kFat{"fat"};
constexpr TypeNames kExfat{"exfat"};
constexpr TypeNames kF2fs{"f2fs"};
constexpr TypeNames kZfs{"zfs"};
constexpr TypeNames kNtfs{"ntfs"};
constexpr TypeNames kJfs{"jfs"};
constexpr TypeNames kReiserfs{"reiserfs"};
constexpr TypeNames kNilfs2{"nilfs2"};
constexpr TypeNames kIso9660{"iso9660"};
constexpr TypeNames kUdf{"udf"};
constexpr TypeNames kHfs{"hfs"};
constexpr TypeNames kHfsplus{"hfsplus"};
constexpr TypeNames kSquash4{"squash4"};
constexpr TypeNames kMinix{"minix"};
constexpr TypeNames kErofs{"erofs"};
constexpr std::array<std::string_view, 2> kUfs{"ufs1", "ufs2"};

constexpr Version kAlways{};
constexpr Version kVersion214{.major = 2, .minor = 14, .debian_revision = 0, .debian_update = 0};

// GRUB manual 2.06, chapter 3 "Features", and fs.lst; names as libblkid has them.
constexpr std::array kFileSystems{
    FileSystemSupport{.name = "ext2", .modules = kExt2, .since = kAlways},
    FileSystemSupport{.name = "ext3", .modules = kExt2, .since = kAlways},
    FileSystemSupport{.name = "ext4", .modules = kExt2, .since = kAlways},
    FileSystemSupport{.name = "btrfs", .modules = kBtrfs, .since = kAlways},
    FileSystemSupport{.name = "xfs", .modules = kXfs, .since = kAlways},
    FileSystemSupport{.name = "vfat", .modules = kFat, .since = kAlways},
    FileSystemSupport{.name = "exfat", .modules = kExfat, .since = kAlways},
    FileSystemSupport{.name = "f2fs", .modules = kF2fs, .since = kAlways},
    FileSystemSupport{.name = "zfs_member", .modules = kZfs, .since = kAlways},
    FileSystemSupport{.name = "ntfs", .modules = kNtfs, .since = kAlways},
    FileSystemSupport{.name = "jfs", .modules = kJfs, .since = kAlways},
    FileSystemSupport{.name = "reiserfs", .modules = kReiserfs, .since = kAlways},
    FileSystemSupport{.name = "nilfs2", .modules = kNilfs2, .since = kAlways},
    FileSystemSupport{.name = "iso9660", .modules = kIso9660, .since = kAlways},
    FileSystemSupport{.name = "udf", .modules = kUdf, .since = kAlways},
    FileSystemSupport{.name = "hfs", .modules = kHfs, .since = kAlways},
    FileSystemSupport{.name = "hfsplus", .modules = kHfsplus, .since = kAlways},
    FileSystemSupport{.name = "squashfs", .modules = kSquash4, .since = kAlways},
    FileSystemSupport{.name = "minix", .modules = kMinix, .since = kAlways},
    FileSystemSupport{.name = "ufs", .modules = kUfs, .since = kAlways},
    FileSystemSupport{.name = "erofs", .modules = kErofs, .since = kVersion214},
};

class Collector {
  public:
    explicit Collector(const ModuleDirectory& directory) : directory_(directory) {}

    Result<void> operator()(const PartitionTable& table) {
        modules_.insert(table.kind == PartitionTable::Kind::gpt ? "part_gpt" : "part_msdos");
        return {};
    }

    Result<void> operator()(const LuksContainer& luks) {
        modules_.insert({"cryptodisk", luks.version == 1 ? "luks" : "luks2"});
        const CipherSpec cipher = parse_cipher(luks.cipher);
        TRY_VOID(add_algorithm(cipher.cipher));
        if (!cipher.iv_hash.empty()) TRY_VOID(add_algorithm(cipher.iv_hash));
        if (!luks.hash.empty()) TRY_VOID(add_algorithm(luks.hash));
        // LUKS2 names a hash for key slots and one for the volume key's digest; cryptsetup's
        // default of the second is SHA-256 whatever the first is.
        if (luks.version == 2) TRY_VOID(add_algorithm("sha256"));
        return {};
    }

    Result<void> operator()(const LogicalVolume& volume) {
        modules_.insert("lvm");
        if (volume.type == "raid4" || volume.type == "raid5") modules_.insert("raid5rec");
        if (volume.type == "raid6") modules_.insert("raid6rec");
        return {};
    }

    Result<void> operator()(const RaidArray& array) {
        modules_.insert(array.metadata == "0.90" ? "mdraid09" : "mdraid1x");
        if (array.level == "raid4" || array.level == "raid5") modules_.insert("raid5rec");
        if (array.level == "raid6") modules_.insert("raid6rec");
        return {};
    }

    std::set<std::string> take() { return std::move(modules_); }

    void add(std::string_view module) { modules_.emplace(module); }

  private:
    Result<void> add_algorithm(const std::string& name) {
        const std::string* module = directory_.algorithm_module(name);
        if (!module) {
            return Error(Errc::unsupported,
                         "the GRUB in " + directory_.path + " has no module for " + name);
        }
        modules_.insert(*module);
        return {};
    }

    const ModuleDirectory& directory_;
    std::set<std::string> modules_;
};

}  // namespace

const FileSystemSupport* find_file_system(std::string_view name) {
    const auto* found = std::ranges::find(kFileSystems, name, &FileSystemSupport::name);
    return found == kFileSystems.end() ? nullptr : found;
}

CipherSpec parse_cipher(std::string_view specification) {
    const auto take_until = [&specification](char mark) {
        const auto end = std::min(specification.find(mark), specification.size());
        std::string part(specification.substr(0, end));
        specification.remove_prefix(std::min(end + 1, specification.size()));
        return part;
    };
    CipherSpec cipher;
    cipher.cipher = take_until('-');
    cipher.mode = take_until('-');
    cipher.iv = take_until(':');
    cipher.iv_hash = specification;
    return cipher;
}

Result<std::set<std::string>> modules_for(const Volume& volume, const ModuleDirectory& directory) {
    Collector collector(directory);
    for (const StorageLayer& layer : volume.layers) TRY_VOID(std::visit(collector, layer));
    const FileSystemSupport* support = find_file_system(volume.file_system);
    if (!support) {
        return Error(Errc::unsupported, "GRUB has no module for " + volume.file_system);
    }
    for (const std::string_view module : support->modules) collector.add(module);
    return collector.take();
}

Result<const std::set<std::string>*> ReadingModules::of(const Volume& volume) {
    const auto known = known_.find(&volume);
    if (known != known_.end()) return &known->second;
    return &known_.emplace(&volume, TRY(modules_for(volume, directory_))).first->second;
}

}  // namespace cordwainer::grub
