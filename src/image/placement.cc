#include "image/placement.h"

#include <algorithm>
#include <fmt/format.h>

namespace cordwainer::image {
namespace {

// Protective MBR, GPT header and 128 entries of 128 bytes (UEFI 2.10, section 5.3.1).
constexpr std::uint64_t kGptHead = 34 * kSector;
// The backup: the same without the MBR.
constexpr std::uint64_t kGptTail = 33 * kSector;

std::uint64_t head_of(const Layout& layout) {
    return layout.table == TableKind::mbr ? kSector : kGptHead;
}

std::uint64_t tail_of(const Layout& layout) {
    return layout.table == TableKind::mbr ? 0 : kGptTail;
}

Error too_small(const Layout& layout, std::uint64_t needed) {
    return {Errc::no_space,
            fmt::format("{}: the partitions need {}, which is {} more than the image has: set size "
                        "= \"{}MiB\" in [image], or leave size out",
                        layout.file,
                        mib_text(needed),
                        mib_text(needed - *layout.size),
                        round_up(needed, kMiB) / kMiB)};
}

}  // namespace

Result<Placement> place(const Layout& layout, const std::vector<std::uint64_t>& sizes) {
    Placement placement;
    std::uint64_t end = head_of(layout);
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
        const Partition& partition = layout.partitions[i];
        const std::uint64_t start = round_up(end, partition.alignment);
        std::uint64_t size = partition.size.bytes;
        if (partition.size.kind != Size::Kind::fixed) size = round_up(sizes[i], kSector);
        if (partition.size.kind == Size::Kind::rest) {
            const std::uint64_t least = start + std::max(size, kSector) + tail_of(layout);
            if (least > *layout.size) return too_small(layout, least);
            size = (*layout.size - tail_of(layout) - start) / kSector * kSector;
        }
        placement.partitions.push_back({.first_lba = start / kSector, .count = size / kSector});
        end = start + size;
    }
    const std::uint64_t needed = end + tail_of(layout);
    if (layout.size && needed > *layout.size) return too_small(layout, needed);
    placement.disk_size = layout.size.value_or(round_up(needed, kMiB));
    return placement;
}

std::optional<SectorRange> bios_boot_range(const Layout& layout) {
    std::uint64_t end = head_of(layout);
    for (const Partition& partition : layout.partitions) {
        const std::uint64_t start = round_up(end, partition.alignment);
        if (partition.type.name == "bios-boot") {
            return SectorRange{.first_lba = start / kSector,
                               .count = partition.size.bytes / kSector};
        }
        end = start + partition.size.bytes;
    }
    return std::nullopt;
}

SectorRange mbr_gap(const Layout& layout) {
    const std::uint64_t start = round_up(head_of(layout), layout.partitions.front().alignment);
    return {.first_lba = 1, .count = start / kSector - 1};
}

}  // namespace cordwainer::image
