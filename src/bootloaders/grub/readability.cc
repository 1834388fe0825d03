#include "bootloaders/grub/readability.h"

#include <algorithm>
#include <array>

#include "bootloaders/grub/volume_modules.h"

namespace cordwainer::grub {
namespace {

using Why = std::optional<std::string>;

constexpr Version release(int minor, int debian_revision = 0, int debian_update = 0) {
    return {.major = 2,
            .minor = minor,
            .debian_revision = debian_revision,
            .debian_update = debian_update};
}

constexpr Version kNever{.major = 99, .minor = 0, .debian_revision = 0, .debian_update = 0};

// A feature flag that not every GRUB reads. Flags that are not listed are no hindrance.
struct Feature {
    std::string_view file_system;
    std::string_view name;
    Version since;         // the first upstream release that reads it
    Version since_debian;  // the first Debian package that does, where that is earlier
};

constexpr Feature unread(std::string_view file_system, std::string_view name) {
    return {.file_system = file_system, .name = name, .since = kNever, .since_debian = kNever};
}

constexpr std::array kFeatures{
    // Incompatible flags of ext4 (mke2fs's names) beyond those that fs/ext2.c reads or ignores.
    unread("ext4", "compression"),
    unread("ext4", "journal_dev"),
    unread("ext4", "ea_inode"),
    unread("ext4", "dirdata"),
    unread("ext4", "inline_data"),
    unread("ext4", "casefold"),
    Feature{.file_system = "ext4",
            .name = "metadata_csum_seed",
            .since = release(12),
            .since_debian = release(6, 8)},
    Feature{.file_system = "ext4",
            .name = "large_dir",
            .since = release(12),
            .since_debian = release(6, 8)},
    // Incompatible flags of XFS (mkfs.xfs's names) beyond ftype, sparse inodes and metadata UUID.
    Feature{
        .file_system = "xfs", .name = "bigtime", .since = release(6), .since_debian = release(6)},
    Feature{.file_system = "xfs",
            .name = "nrext64",
            .since = release(12),
            .since_debian = release(6, 13, 2)},
    Feature{.file_system = "xfs",
            .name = "exchange",
            .since = release(14),
            .since_debian = release(14)},
    Feature{
        .file_system = "xfs", .name = "parent", .since = release(14), .since_debian = release(14)},
    Feature{
        .file_system = "xfs", .name = "metadir", .since = release(14), .since_debian = release(14)},
    unread("xfs", "zoned"),
    // btrfs (mkfs.btrfs's names): GRUB checks no flag, but these move what it looks for.
    unread("btrfs", "zoned"),
    unread("btrfs", "extent-tree-v2"),
    unread("btrfs", "raid-stripe-tree"),
    unread("btrfs", "remap-tree"),
    // f2fs (mkfs.f2fs's names): larger inodes and compressed clusters.
    unread("f2fs", "extra_attr"),
    unread("f2fs", "compression"),
    unread("f2fs", "casefold"),
};

bool reads(const Feature& feature, const Version& version) {
    return version >= feature.since ||
           (version.debian_revision > 0 && version >= feature.since_debian);
}

std::string name_of(const Version& version) {
    return "GRUB " + version.text();
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
    return std::ranges::find(words, word) != words.end();
}

// Argon2 came with 2.14; packages that have it earlier have a module for it.
bool opens_argon2(const ModuleDirectory& directory) {
    return directory.version >= release(14) || directory.has("argon2") ||
           directory.has("gcry_argon2");
}

bool opens_slot(const std::string& derivation, const ModuleDirectory& directory) {
    return derivation == "pbkdf2" || (derivation.starts_with("argon2") && opens_argon2(directory));
}

std::string container_name(const LuksContainer& luks) {
    return "LUKS" + std::to_string(luks.version) + " container " + luks.uuid.text();
}

Why why_cipher(const LuksContainer& luks, const ModuleDirectory& directory) {
    constexpr std::array<std::string_view, 4> kModesWithIv{"cbc", "pcbc", "xts", "lrw"};
    constexpr std::array<std::string_view, 5> kIvs{"plain64", "plain", "benbi", "null", "essiv"};
    const CipherSpec cipher = parse_cipher(luks.cipher);
    const bool mode_known =
        is_one_of(cipher.mode, kModesWithIv)
            ? is_one_of(cipher.iv, kIvs) && (cipher.iv == "essiv") == !cipher.iv_hash.empty()
            : (cipher.mode == "ecb" || cipher.mode == "plain") && cipher.iv.empty();
    if (!mode_known || !directory.algorithm_module(cipher.cipher)) {
        return container_name(luks) + ", whose cipher " + luks.cipher + " " +
               name_of(directory.version) + " does not have: use aes-xts-plain64";
    }
    for (const std::string& hash : {cipher.iv_hash, luks.hash}) {
        if (!hash.empty() && !directory.algorithm_module(hash)) {
            return container_name(luks) + ", whose hash " + hash + " " +
                   name_of(directory.version) + " does not have: use sha256";
        }
    }
    return std::nullopt;
}

// "argon2id" where all slots are of one kind, else their kinds.
std::string kinds_of(const std::vector<std::string>& derivations) {
    std::vector<std::string> kinds = derivations;
    std::ranges::sort(kinds);
    const auto repeated = std::ranges::unique(kinds);
    kinds.erase(repeated.begin(), repeated.end());
    std::string text;
    for (const std::string& kind : kinds) text += (text.empty() ? "" : " or ") + kind;
    return text;
}

class LayerReader {
  public:
    explicit LayerReader(const ModuleDirectory& directory)
        : version_(directory.version), directory_(directory) {}

    Why operator()(const PartitionTable&) const { return std::nullopt; }

    Why operator()(const LuksContainer& luks) const {
        if (luks.version != 1 && luks.version != 2) {
            return container_name(luks) + ", a version that GRUB does not know";
        }
        if (luks.version == 2 && version_ < release(6)) {
            return container_name(luks) + ", which GRUB opens from 2.06 on, not " +
                   name_of(version_) + ": use LUKS1 (cryptsetup convert --type luks1)";
        }
        const auto opens = [this](const std::string& slot) { return opens_slot(slot, directory_); };
        if (luks.version == 2 && !luks.key_derivations.empty() &&
            std::ranges::none_of(luks.key_derivations, opens)) {
            return container_name(luks) + ", whose key slots are all " +
                   kinds_of(luks.key_derivations) + ", which " + name_of(version_) +
                   " cannot open: add a key slot with PBKDF2 (cryptsetup luksAddKey --pbkdf "
                   "pbkdf2)";
        }
        constexpr std::array<unsigned, 4> kSectorSizes{512, 1024, 2048, 4096};
        if (std::ranges::find(kSectorSizes, luks.sector_size) == kSectorSizes.end()) {
            return container_name(luks) + ", whose sectors of " + std::to_string(luks.sector_size) +
                   " bytes " + name_of(version_) + " does not know";
        }
        return why_cipher(luks, directory_);
    }

    Why operator()(const LogicalVolume& volume) const {
        constexpr std::array<std::string_view, 8> kTypes{
            "linear", "striped", "mirror", "raid1", "raid4", "raid5", "raid6", "cache"};
        if (is_one_of(volume.type, kTypes)) return std::nullopt;
        if (volume.type == "integrity" && version_ >= release(14)) return std::nullopt;
        return "LVM volume " + volume.volume_uuid + " of type " + volume.type + ", which " +
               name_of(version_) + " cannot read: use a linear, striped or raid1 volume";
    }

    Why operator()(const RaidArray& array) const {
        constexpr std::array<std::string_view, 4> kMetadata{"0.90", "1.0", "1.1", "1.2"};
        constexpr std::array<std::string_view, 7> kLevels{
            "linear", "raid0", "raid1", "raid4", "raid5", "raid6", "raid10"};
        if (!is_one_of(array.metadata, kMetadata)) {
            return "RAID array " + array.uuid + " with metadata " + array.metadata + ", which " +
                   name_of(version_) + " cannot read: use metadata 1.2";
        }
        if (!is_one_of(array.level, kLevels)) {
            return "RAID array " + array.uuid + " of level " + array.level + ", which " +
                   name_of(version_) + " cannot read: use raid1";
        }
        return std::nullopt;
    }

  private:
    const Version& version_;
    const ModuleDirectory& directory_;
};

std::string volume_name(const Volume& volume) {
    std::string name =
        "a file system of type " + (volume.file_system.empty() ? "unknown" : volume.file_system);
    if (volume.uuid) name += " (UUID " + volume.uuid->text() + ")";
    return name;
}

Why why_file_system(const Volume& volume, const ModuleDirectory& directory) {
    const Version& version = directory.version;
    const FileSystemSupport* support = find_file_system(volume.file_system);
    const bool has_modules = support && version >= support->since &&
                             std::ranges::all_of(support->modules, [&](std::string_view module) {
                                 return directory.has(module);
                             });
    if (!has_modules) {
        return volume_name(volume) + ", which the " + name_of(version) + " in " + directory.path +
               " cannot read: use ext4, btrfs, xfs or vfat";
    }
    // ext2 and ext3 are what blkid calls an ext4 with fewer flags.
    const std::string_view family =
        support->modules.front() == "ext2" ? "ext4" : std::string_view(volume.file_system);
    for (const std::string& name : volume.features) {
        const auto* feature = std::ranges::find_if(kFeatures, [&](const Feature& candidate) {
            return candidate.file_system == family && candidate.name == name;
        });
        // What e2fsprogs has no name for is newer than what GRUB reads.
        const bool nameless = family == "ext4" && name.starts_with("FEATURE_I");
        if (nameless || (feature != kFeatures.end() && !reads(*feature, version))) {
            return volume_name(volume) + " with the feature " + name + ", which " +
                   name_of(version) + " cannot read: make it without that feature";
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> why_unreadable(const Volume& volume, const ModuleDirectory& directory) {
    if (volume.unknown) {
        return "a file system that cannot be described (" + *volume.unknown + ")";
    }
    const LayerReader reader(directory);
    for (const StorageLayer& layer : volume.layers) {
        if (Why why = std::visit(reader, layer)) return why;
    }
    return why_file_system(volume, directory);
}

std::optional<std::string> reading_hint(const Volume& volume, const ModuleDirectory& directory) {
    for (const StorageLayer& layer : volume.layers) {
        const auto* luks = std::get_if<LuksContainer>(&layer);
        if (!luks || luks->version != 2) continue;
        const bool some_closed = std::ranges::any_of(
            luks->key_derivations,
            [&](const std::string& slot) { return !opens_slot(slot, directory); });
        if (some_closed) {
            return name_of(directory.version) + " opens the key slots of " + container_name(*luks) +
                   " that use PBKDF2 only: at its prompt the passphrases of the others do not work";
        }
    }
    return std::nullopt;
}

}  // namespace cordwainer::grub
