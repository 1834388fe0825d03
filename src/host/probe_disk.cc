#include "host/probe_disk.h"

#include <algorithm>
#include <fcntl.h>
#include <string>

#include "core/bytes.h"
#include "formats/grub_boot_sector.h"
#include "sys/descriptor.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

constexpr std::string_view kBiosBoot = "21686148-6449-6e6f-744e-656564454649";

struct OpenDisk {
    Fd fd;
    std::string name;
    std::uint32_t sector_size;
};

// Whether a core image of GRUB begins at this sector and ends in the range. The block list at the
// end of its first sector says where the rest is: in the sectors that follow, and loaded to 0x8200.
// That is so for ours and for those that GRUB installs.
Result<bool> holds_core(const OpenDisk& disk, const SectorRange& range) {
    constexpr std::size_t kSector = 512;
    constexpr std::size_t kBlockList = 0x1f4;
    constexpr std::uint16_t kSegment = 0x820;
    const Bytes sector =
        TRY(read_at(disk.fd, range.first_lba * disk.sector_size, kSector, disk.name));
    return le64_at(sector, kBlockList) == range.first_lba + 1 &&
           le16_at(sector, kBlockList + 10) == kSegment &&
           le16_at(sector, kBlockList + 8) < range.count;
}

Result<bool> holds_zeros(const OpenDisk& disk, const SectorRange& range) {
    constexpr std::uint64_t kPiece = std::uint64_t{256} << 10U;
    const std::uint64_t end = (range.first_lba + range.count) * disk.sector_size;
    for (std::uint64_t at = range.first_lba * disk.sector_size; at < end; at += kPiece) {
        const Bytes piece = TRY(read_at(disk.fd, at, std::min(kPiece, end - at), disk.name));
        if (std::ranges::any_of(piece, [](std::byte byte) { return byte != std::byte{0}; }))
            return false;
    }
    return true;
}

// Images begin at the beginning of either half, and what is behind one in its half is the rest of a
// longer one, or its error correction. A boot sector that was marked here says without more reading
// that the range is ours: it was looked at before it was written for the first time.
Result<bool> holds_unknown_data(const OpenDisk& disk, const SectorRange& range) {
    const std::uint64_t half = range.count / 2;
    const Bytes boot_sector = TRY(read_at(disk.fd, 0, disk.sector_size, disk.name));
    const std::optional<CoreMark> mark = core_mark(boot_sector);
    if (mark && half > 0 &&
        (mark->first_lba == range.first_lba || mark->first_lba == range.first_lba + half))
        return false;
    for (const SectorRange& part :
         {SectorRange{.first_lba = range.first_lba, .count = half},
          SectorRange{.first_lba = range.first_lba + half, .count = range.count - half}}) {
        if (part.count == 0) continue;
        const bool core = TRY(holds_core(disk, part));
        if (core) continue;
        const bool zeros = TRY(holds_zeros(disk, part));
        if (!zeros) return true;
    }
    return false;
}

std::optional<SectorRange> bios_boot_in(const DiskTable& table, std::uint32_t sector_size) {
    const auto found = std::ranges::find_if(table.partitions, is_bios_boot);
    if (found == table.partitions.end()) return std::nullopt;
    return SectorRange{.first_lba = found->first_byte / sector_size,
                       .count = found->bytes / sector_size};
}

std::optional<SectorRange> gap_in(const DiskTable& table, std::uint32_t sector_size) {
    const auto first = std::ranges::min_element(table.partitions, {}, &TablePartition::first_byte);
    if (first == table.partitions.end() || first->first_byte / sector_size < 2) return std::nullopt;
    return SectorRange{.first_lba = 1, .count = first->first_byte / sector_size - 1};
}

}  // namespace

bool is_bios_boot(const TablePartition& partition) {
    return partition.type == kBiosBoot;
}

Result<ObservedDisk> observe_disk(const std::filesystem::path& node,
                                  std::uint32_t sector_size,
                                  const std::optional<DiskTable>& table) {
    ObservedDisk observed{.sector_size = sector_size,
                          .table = std::nullopt,
                          .bios_boot = std::nullopt,
                          .gap = std::nullopt,
                          .unknown_data = false};
    if (!table) return observed;
    if (table->type == "gpt") {
        observed.table = PartitionTable::Kind::gpt;
        observed.bios_boot = bios_boot_in(*table, sector_size);
    } else if (table->type == "dos") {
        observed.table = PartitionTable::Kind::mbr;
        observed.gap = gap_in(*table, sector_size);
    } else {
        return Error(Errc::unsupported,
                     node.string() + " has a partition table of type " + table->type +
                         ", which is neither GPT nor MBR");
    }
    const auto range = observed.bios_boot ? observed.bios_boot : observed.gap;
    if (!range) return observed;
    const OpenDisk disk{
        .fd = TRY(open_file(node, O_RDONLY)), .name = node.string(), .sector_size = sector_size};
    observed.unknown_data = TRY(holds_unknown_data(disk, *range));
    return observed;
}

}  // namespace cordwainer
