#include "image/btrfs.h"

#include <algorithm>
#include <fmt/format.h>

#include "image/btrfs_guest.h"
#include "image/partition_trees.h"
#include "image/size_text.h"
#include "image/sparse_copy.h"
#include "image/tar.h"
#include "image/tool.h"
#include "image/write_tree.h"
#include "sys/descriptor.h"

namespace cordwainer::image {
namespace {

constexpr std::uint64_t kBtrfsBlock = 4096;

struct Usage {
    std::uint64_t data = 0;
    std::uint64_t metadata = 0;  // one copy
};

Usage usage_of(const Node& root) {
    // Of a file: inode, directory entries in both orders, extent and checksums; small files are
    // stored there whole.
    constexpr std::uint64_t kPerFile = 2 * kKiB;
    Usage usage;
    walk(root, [&usage](const std::string&, const Node& node) {
        usage.data += round_up(node.size, kBtrfsBlock);
        usage.metadata += kPerFile + node.size / 512;
    });
    return usage;
}

Result<void> format(const Btrfs& spec,
                    const std::filesystem::path& disk,
                    const std::filesystem::path& content) {
    ToolRun run;
    run.arguments = {"--quiet", "--uuid", spec.uuid.text()};
    if (!spec.label.empty()) run.arguments.insert(run.arguments.end(), {"--label", spec.label});
    if (!content.empty()) {
        run.arguments.insert(run.arguments.end(), {"--rootdir", content.string()});
    }
    run.arguments.push_back(disk.string());
    TRY_VOID(run_tool({.name = "mkfs.btrfs", .package = "btrfs-progs"}, run));
    return {};
}

Result<void> fill_by_guest(const Btrfs& spec, const Node& root, const std::filesystem::path& disk) {
    const GuestKernel kernel = TRY(find_guest_kernel(spec.guest, spec.system));
    TRY_VOID(format(spec, disk, ""));
    GuestWork work;
    work.disk = disk;
    work.archive = spec.scratch / "content.tar";
    work.scratch = spec.scratch;
    for (const Subvolume& subvolume : spec.subvolumes) work.subvolumes.push_back(subvolume.name);
    std::ranges::sort(work.subvolumes);
    TRY_VOID(write_tar(root, work.archive));
    return fill_in_guest(kernel, work);
}

Result<void> fill_by_mkfs(const Btrfs& spec, const Node& root, const std::filesystem::path& disk) {
    const std::filesystem::path content = spec.scratch / "content";
    std::error_code error;
    std::filesystem::create_directory(content, error);
    if (error) return file_error(error.value(), content.string());
    TRY_VOID(write_tree(root, content));
    return format(spec, disk, content);
}

}  // namespace

std::uint64_t btrfs_size_for(const Node& root) {
    // Metadata is stored twice; chunks are a tenth of the device, and some are only begun.
    constexpr std::uint64_t kBegun = 160 * kMiB;
    const Usage usage = usage_of(root);
    return round_up((usage.data + 2 * usage.metadata) / 10 * 12 + kBegun, kMiB);
}

bool btrfs_fits(const Node& root, std::uint64_t bytes) {
    const Usage usage = usage_of(root);
    return data_bytes(root) + 2 * usage.metadata + 16 * kMiB <= bytes;
}

Result<void> make_btrfs(const Btrfs& spec, const Node& root, Progress& progress) {
    const std::filesystem::path disk = spec.scratch / "btrfs.img";
    TRY_VOID(make_sparse(disk, spec.size));
    const bool guest = !spec.subvolumes.empty() || !can_write_tree(root);
    TRY_VOID(guest ? fill_by_guest(spec, root, disk) : fill_by_mkfs(spec, root, disk));
    TRY_VOID(copy_sparse(disk, spec.size, spec.image, spec.offset));
    progress.advance(data_bytes(root));
    return {};
}

}  // namespace cordwainer::image
