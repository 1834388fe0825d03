#include "image/file_system.h"

#include <fmt/format.h>

#include "image/btrfs.h"
#include "image/ext4.h"
#include "image/file_system_limits.h"
#include "image/size_text.h"
#include "image/swap.h"
#include "image/vfat.h"

namespace cordwainer::image {
namespace {

std::uint64_t container_bytes(const Partition& partition) {
    return partition.encryption ? payload_offset(*partition.encryption) : 0;
}

// The least bytes of a file system with this tree.
std::uint64_t bytes_for(FileSystem file_system, const Node& tree) {
    switch (file_system) {
        case FileSystem::ext4:
            return ext4_size_for(ext4_needs(tree, Holes::filled));
        case FileSystem::vfat:
            return fat_size_for(tree);
        case FileSystem::btrfs:
            return btrfs_size_for(tree);
        case FileSystem::swap:
        case FileSystem::none:
            return smallest_size(file_system);
    }
    return 0;
}

bool fits(FileSystem file_system, const Node& tree, std::uint64_t bytes) {
    switch (file_system) {
        case FileSystem::ext4: {
            const Ext4Needs needs = ext4_needs(tree, Holes::kept);
            const std::uint64_t inodes = ext4_inodes(bytes, ext4_needs(tree, Holes::filled));
            return needs.blocks <= ext4_free_blocks(bytes, inodes);
        }
        case FileSystem::vfat:
            return fat_needs(tree, fat_shape(bytes)) <= fat_free(bytes);
        case FileSystem::btrfs:
            return btrfs_fits(tree, bytes);
        case FileSystem::swap:
        case FileSystem::none:
            return true;
    }
    return true;
}

}  // namespace

std::uint64_t content_size(const Partition& partition, const Node& tree) {
    const std::uint64_t base = bytes_for(partition.file_system, tree);
    const bool by_content = partition.size.kind == Size::Kind::content;
    const std::uint64_t more =
        by_content ? partition.size.bytes + base / 100 * partition.size.percent : 0;
    return round_up(base + more, kMiB) + container_bytes(partition);
}

Result<void> check_fits(const Partition& partition, const Node& tree, std::uint64_t bytes) {
    const std::uint64_t inside = bytes - std::min(bytes, container_bytes(partition));
    if (fits(partition.file_system, tree, inside)) return {};
    const std::uint64_t needed =
        round_up(bytes_for(partition.file_system, tree), kMiB) + container_bytes(partition);
    return Error{
        Errc::no_space,
        fmt::format("{}: {}: its content needs {}, {} more than the partition has: set size = "
                    "\"{}MiB\" or \"content\"",
                    partition.location.text(),
                    title_of(partition),
                    mib_text(needed),
                    mib_text(needed > bytes ? needed - bytes : kMiB),
                    needed / kMiB)};
}

Result<void> make_file_system(const Layout& layout,
                              const Partition& partition,
                              const Node& tree,
                              const Place& place,
                              const std::filesystem::path& scratch,
                              Progress& progress) {
    const std::filesystem::path image = place.directory / place.file;
    const std::string label = partition.file_system_label.value_or("");
    switch (partition.file_system) {
        case FileSystem::none:
            return {};
        case FileSystem::swap:
            return make_swap(
                image, place.offset, place.size, *partition.file_system_uuid, label, scratch);
        case FileSystem::vfat:
            return make_vfat({.image = image,
                              .offset = place.offset,
                              .first_lba = place.first_lba,
                              .size = place.size,
                              .id = *partition.file_system_uuid,
                              .label = label,
                              .epoch = layout.epoch},
                             tree,
                             progress);
        case FileSystem::ext4:
            return make_ext4({.directory = place.directory,
                              .file = place.file,
                              .offset = place.offset,
                              .size = place.size,
                              .uuid = *partition.file_system_uuid,
                              .label = label,
                              .epoch = layout.epoch,
                              .scratch = scratch},
                             tree,
                             progress);
        case FileSystem::btrfs:
            return make_btrfs({.image = image,
                               .offset = place.offset,
                               .size = place.size,
                               .uuid = *partition.file_system_uuid,
                               .label = label,
                               .subvolumes = partition.subvolumes,
                               .guest = layout.guest,
                               .system = layout.root,
                               .scratch = scratch},
                              tree,
                              progress);
    }
    return {};
}

}  // namespace cordwainer::image
