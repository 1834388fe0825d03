#include <array>
#include <fcntl.h>
#include <span>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "host/probe_signatures.h"
#include "sys/descriptor.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

struct Flag {
    unsigned bit;
    std::string_view name;
};

// One word of flags in a superblock.
struct FlagWord {
    std::string_view unknown;  // what the name of a nameless flag begins with, as e2fsprogs has it
    std::size_t offset;        // from the superblock's beginning
    unsigned width;            // bytes
    bool big_endian;
    std::span<const Flag> flags;
};

struct FlagPlace {
    std::uint64_t superblock;  // bytes from the device's beginning
    std::span<const FlagWord> words;
};

// e2fsprogs, lib/e2p/feature.c.
constexpr std::array kExtCompatible{Flag{0, "dir_prealloc"},
                                    Flag{1, "imagic_inodes"},
                                    Flag{2, "has_journal"},
                                    Flag{3, "ext_attr"},
                                    Flag{4, "resize_inode"},
                                    Flag{5, "dir_index"},
                                    Flag{6, "lazy_bg"},
                                    Flag{8, "snapshot_bitmap"},
                                    Flag{9, "sparse_super2"},
                                    Flag{10, "fast_commit"},
                                    Flag{11, "stable_inodes"},
                                    Flag{12, "orphan_file"}};
constexpr std::array kExtIncompatible{Flag{0, "compression"},
                                      Flag{1, "filetype"},
                                      Flag{2, "needs_recovery"},
                                      Flag{3, "journal_dev"},
                                      Flag{4, "meta_bg"},
                                      Flag{6, "extent"},
                                      Flag{7, "64bit"},
                                      Flag{8, "mmp"},
                                      Flag{9, "flex_bg"},
                                      Flag{10, "ea_inode"},
                                      Flag{12, "dirdata"},
                                      Flag{13, "metadata_csum_seed"},
                                      Flag{14, "large_dir"},
                                      Flag{15, "inline_data"},
                                      Flag{16, "encrypt"},
                                      Flag{17, "casefold"}};
constexpr std::array kExtReadOnly{Flag{0, "sparse_super"},
                                  Flag{1, "large_file"},
                                  Flag{3, "huge_file"},
                                  Flag{4, "uninit_bg"},
                                  Flag{5, "dir_nlink"},
                                  Flag{6, "extra_isize"},
                                  Flag{8, "quota"},
                                  Flag{9, "bigalloc"},
                                  Flag{10, "metadata_csum"},
                                  Flag{11, "replica"},
                                  Flag{12, "read-only"},
                                  Flag{13, "project"},
                                  Flag{14, "shared_blocks"},
                                  Flag{15, "verity"},
                                  Flag{16, "orphan_present"}};
constexpr std::array kExtWords{FlagWord{"FEATURE_C", 0x5c, 4, false, kExtCompatible},
                               FlagWord{"FEATURE_I", 0x60, 4, false, kExtIncompatible},
                               FlagWord{"FEATURE_R", 0x64, 4, false, kExtReadOnly}};

// Linux, fs/xfs/libxfs/xfs_format.h: sb_features_incompat. A superblock of version 4 has 0 there.
constexpr std::array kXfsIncompatible{Flag{0, "ftype"},
                                      Flag{1, "sparse"},
                                      Flag{2, "meta_uuid"},
                                      Flag{3, "bigtime"},
                                      Flag{4, "needsrepair"},
                                      Flag{5, "nrext64"},
                                      Flag{6, "exchange"},
                                      Flag{7, "parent"},
                                      Flag{8, "metadir"},
                                      Flag{9, "zoned"}};
constexpr std::array kXfsWords{FlagWord{"FEATURE_I", 216, 4, true, kXfsIncompatible}};

// Linux, include/uapi/linux/btrfs_tree.h: btrfs_super_block.incompat_flags.
constexpr std::array kBtrfsIncompatible{Flag{0, "mixed-backref"},
                                        Flag{1, "default-subvol"},
                                        Flag{2, "mixed-bg"},
                                        Flag{3, "compress-lzo"},
                                        Flag{4, "compress-zstd"},
                                        Flag{5, "big-metadata"},
                                        Flag{6, "extref"},
                                        Flag{7, "raid56"},
                                        Flag{8, "skinny-metadata"},
                                        Flag{9, "no-holes"},
                                        Flag{10, "metadata-uuid"},
                                        Flag{11, "raid1c34"},
                                        Flag{12, "zoned"},
                                        Flag{13, "extent-tree-v2"},
                                        Flag{14, "raid-stripe-tree"},
                                        Flag{16, "simple-quota"},
                                        Flag{17, "remap-tree"}};
constexpr std::array kBtrfsWords{FlagWord{"FEATURE_I", 188, 8, false, kBtrfsIncompatible}};

// Linux, include/linux/f2fs_fs.h: f2fs_super_block.feature.
constexpr std::array kF2fsFlags{Flag{0, "encrypt"},
                                Flag{1, "blkzoned"},
                                Flag{3, "extra_attr"},
                                Flag{4, "project_quota"},
                                Flag{5, "inode_checksum"},
                                Flag{6, "flexible_inline_xattr"},
                                Flag{7, "quota"},
                                Flag{8, "inode_crtime"},
                                Flag{9, "lost_found"},
                                Flag{10, "verity"},
                                Flag{11, "sb_checksum"},
                                Flag{12, "casefold"},
                                Flag{13, "compression"},
                                Flag{14, "ro"}};
constexpr std::array kF2fsWords{FlagWord{"FEATURE_I", 2180, 4, false, kF2fsFlags}};

std::optional<FlagPlace> flags_of(const std::string& type) {
    if (type == "ext2" || type == "ext3" || type == "ext4") return FlagPlace{1024, kExtWords};
    if (type == "xfs") return FlagPlace{0, kXfsWords};
    if (type == "btrfs") return FlagPlace{65536, kBtrfsWords};
    if (type == "f2fs") return FlagPlace{1024, kF2fsWords};
    return std::nullopt;
}

std::string name_of(const FlagWord& word, unsigned bit) {
    for (const Flag& flag : word.flags) {
        if (flag.bit == bit) return std::string(flag.name);
    }
    return std::string(word.unknown) + std::to_string(bit);
}

}  // namespace

Result<std::vector<std::string>> read_features(const std::filesystem::path& node,
                                               const std::string& type) {
    std::vector<std::string> names;
    const auto place = flags_of(type);
    if (!place) return names;
    const Fd fd = TRY(open_file(node, O_RDONLY | O_NONBLOCK));
    for (const FlagWord& word : place->words) {
        const Bytes bytes =
            TRY(read_at(fd, place->superblock + word.offset, word.width, node.string()));
        for (unsigned bit = 0; bit < word.width * 8; ++bit) {
            const std::size_t index = bit / 8;
            const std::byte holds = bytes[word.big_endian ? word.width - 1 - index : index];
            if ((std::to_integer<unsigned>(holds) >> (bit % 8) & 1U) != 0)
                names.push_back(name_of(word, bit));
        }
    }
    return names;
}

}  // namespace cordwainer
