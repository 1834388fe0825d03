#include <algorithm>
#include <set>

#include "image/ext4.h"
#include "image/size_text.h"

namespace cordwainer::image {
namespace {

constexpr std::uint64_t kBlock = 4096;
constexpr std::uint64_t kBlocksPerGroup = 8 * kBlock;
constexpr std::uint64_t kInodesPerBlock = kBlock / 256;
constexpr std::uint64_t kDescriptorsPerBlock = kBlock / 64;
constexpr std::uint64_t kBytesPerInode = 16 * kKiB;

// A directory entry is 8 bytes and the name, rounded up to 4; an entry may not cross a block, and
// the last 12 bytes of a block are its checksum. So a block surely takes what is left of it when
// the longest entry did not fit.
std::uint64_t directory_blocks(const Node& directory) {
    constexpr std::uint64_t kLongestEntry = 264;
    constexpr std::uint64_t kSure = kBlock - 12 - kLongestEntry;
    std::uint64_t bytes = 24;  // "." and ".."
    for (const auto& [name, child] : directory.children) bytes += round_up(8 + name.size(), 4);
    return divide_up(bytes, kSure);
}

// Blocks of the extent tree: four extents of at most 128 MiB are in the inode, 340 in a block.
std::uint64_t extent_blocks(std::uint64_t bytes) {
    constexpr std::uint64_t kExtent = 128 * kMiB;
    constexpr std::uint64_t kInInode = 4;
    constexpr std::uint64_t kPerBlock = 340;
    const std::uint64_t extents = divide_up(bytes, kExtent) + 1;
    return extents <= kInInode ? 0 : divide_up(extents, kPerBlock) + 1;
}

std::uint64_t blocks_of(const Node& node, Holes holes) {
    constexpr std::size_t kFastSymlink = 60;  // shorter targets lie in the inode
    std::uint64_t blocks = node.attributes.empty() ? 0 : 1;
    if (node.kind == Node::Kind::file) {
        // A hole that begins or ends inside a block saves no block there: one more to be sure.
        const std::uint64_t bytes = holes == Holes::filled ? node.size : node.data;
        blocks += divide_up(bytes, kBlock) + (bytes < node.size ? 1 : 0) + extent_blocks(node.size);
    }
    if (node.is_directory()) blocks += directory_blocks(node);
    if (node.kind == Node::Kind::symlink && node.target.size() >= kFastSymlink) ++blocks;
    return blocks;
}

std::uint64_t journal_blocks(std::uint64_t bytes) {
    return ext4_journal_mib(bytes) * kMiB / kBlock;
}

bool is_power_of(std::uint64_t value, std::uint64_t base) {
    while (value > 1 && value % base == 0) value /= base;
    return value == 1;
}

// Whether a group has a copy of the superblock (feature sparse_super).
bool has_superblock(std::uint64_t group) {
    return group <= 1 || is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

// Blocks that each copy of the superblock takes: itself, the group descriptors, and what mke2fs
// reserves so that the file system can grow 1,024-fold (feature resize_inode).
std::uint64_t superblock_blocks(std::uint64_t blocks, std::uint64_t groups) {
    constexpr std::uint64_t kMostBlocks = 0xffffffff;
    constexpr std::uint64_t kMostReserved = kBlock / 4;
    const std::uint64_t descriptors = divide_up(groups, kDescriptorsPerBlock);
    const std::uint64_t grown = std::min(kMostBlocks, blocks * 1024);
    const std::uint64_t grown_descriptors =
        divide_up(divide_up(grown, kBlocksPerGroup), kDescriptorsPerBlock);
    const std::uint64_t reserved =
        grown_descriptors > descriptors ? grown_descriptors - descriptors : 0;
    return 1 + descriptors + std::min(reserved, kMostReserved);
}

// Blocks of a group's two bitmaps and its inode table.
std::uint64_t table_blocks(std::uint64_t inodes, std::uint64_t groups) {
    return divide_up(divide_up(inodes, groups), kInodesPerBlock) + 2;
}

}  // namespace

std::uint64_t ext4_journal_mib(std::uint64_t bytes) {
    if (bytes < 128 * kMiB) return 4;
    if (bytes < 1024 * kMiB) return 16;
    if (bytes < 16384 * kMiB) return 64;
    return 128;
}

Ext4Needs ext4_needs(const Node& root, Holes holes) {
    constexpr std::uint64_t kReservedInodes = 11;  // the last one is lost+found
    std::set<std::pair<std::uint64_t, std::uint64_t>> linked;
    Ext4Needs needs{.blocks = blocks_of(root, holes), .inodes = kReservedInodes};
    walk(root, [&](const std::string&, const Node& node) {
        if (node.link && !linked.insert(*node.link).second) return;
        needs.blocks += blocks_of(node, holes);
        ++needs.inodes;
    });
    return needs;
}

std::uint64_t ext4_inodes(std::uint64_t bytes, const Ext4Needs& needs) {
    // A quarter more than there are files, so that the system has some to make.
    constexpr std::uint64_t kLeast = 64;
    return std::max(bytes / kBytesPerInode, needs.inodes + needs.inodes / 4 + kLeast);
}

std::uint64_t ext4_free_blocks(std::uint64_t bytes, std::uint64_t inodes) {
    // Root directory, lost+found, the resize inode's and the journal's block maps; rounded up.
    constexpr std::uint64_t kOther = 24;
    // mke2fs leaves out a last group that could hold little more than its own tables.
    constexpr std::uint64_t kLeastInGroup = 50;
    std::uint64_t blocks = bytes / kBlock;
    std::uint64_t groups = divide_up(blocks, kBlocksPerGroup);
    std::uint64_t tables = table_blocks(inodes, groups);
    const std::uint64_t last = blocks % kBlocksPerGroup;
    if (groups > 1 && last > 0 &&
        last < tables + superblock_blocks(blocks, groups) + kLeastInGroup) {
        blocks -= last;
        --groups;
        tables = table_blocks(inodes, groups);
    }
    const std::uint64_t super = superblock_blocks(blocks, groups);
    std::uint64_t used = groups * tables + journal_blocks(bytes) + kOther;
    for (std::uint64_t group = 0; group < groups; ++group) {
        if (has_superblock(group)) used += super;
    }
    return blocks > used ? blocks - used : 0;
}

std::uint64_t ext4_size_for(const Ext4Needs& needs) {
    constexpr std::uint64_t kMargin = 64;
    const std::uint64_t wanted = needs.blocks + needs.blocks / 64 + kMargin;
    constexpr std::uint64_t kLeast = 16 * kMiB;
    std::uint64_t bytes = std::max(kLeast, round_up(wanted * kBlock, kMiB));
    while (true) {
        const std::uint64_t free = ext4_free_blocks(bytes, ext4_inodes(bytes, needs));
        if (free >= wanted) return bytes;
        bytes = round_up(bytes + (wanted - free) * kBlock, kMiB);
    }
}

}  // namespace cordwainer::image
