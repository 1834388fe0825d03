#include "image/partition_table.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

#include "core/bytes.h"
#include "image/tool.h"
#include "sys/file_io.h"

namespace cordwainer::image {
namespace {

// The partition entries of an MBR.
constexpr std::size_t kEntries = 446;
constexpr std::size_t kEntrySize = 16;

// sfdisk's names of the attributes that have one; the others are written as their bit.
std::string attribute_name(unsigned bit) {
    switch (bit) {
        case 0:
            return "RequiredPartition";
        case 1:
            return "NoBlockIOProtocol";
        case 2:
            return "LegacyBIOSBootable";
        default:
            return fmt::format("GUID:{}", bit);
    }
}

// A text in quotation marks: sfdisk takes "\\xHH" for a byte.
std::string sfdisk_quoted(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
        } else {
            quoted += c;
        }
    }
    return quoted + "\"";
}

std::string gpt_line(const Partition& partition) {
    std::string line =
        fmt::format(", type={}, uuid={}", partition.type.guid->text(), partition.uuid->text());
    if (!partition.label.empty()) line += ", name=" + sfdisk_quoted(partition.label);
    std::string attributes;
    for (const unsigned bit : partition.attributes) {
        attributes += (attributes.empty() ? "" : ",") + attribute_name(bit);
    }
    if (!attributes.empty()) line += fmt::format(", attrs=\"{}\"", attributes);
    return line;
}

// One entry of an MBR (UEFI 2.10, section 5.2.1). Addresses by cylinder, head and sector are given
// as what lies beyond their reach.
void put_entry(std::span<std::byte, kSector> sector,
               std::size_t index,
               bool active,
               std::uint8_t type,
               const SectorRange& range) {
    constexpr std::uint64_t kBeyond = 0xfffffe;
    const auto entry = sector.subspan(kEntries + index * kEntrySize, kEntrySize);
    (void)put_le(entry, 0, 1, active ? 0x80 : 0);
    (void)put_le(entry, 1, 3, kBeyond);
    (void)put_le(entry, 4, 1, type);
    (void)put_le(entry, 5, 3, kBeyond);
    (void)put_le(entry, 8, 4, range.first_lba);
    (void)put_le(entry, 12, 4, std::min<std::uint64_t>(range.count, 0xffffffff));
}

}  // namespace

std::string sfdisk_script(const Layout& layout, const Placement& placement) {
    const bool mbr = layout.table == TableKind::mbr;
    std::string script =
        mbr ? fmt::format("label: dos\nlabel-id: 0x{:08x}\n", layout.disk_id)
            : fmt::format("label: gpt\nlabel-id: {}\nfirst-lba: 34\n", layout.disk_uuid->text());
    script += "unit: sectors\n\n";
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
        const Partition& partition = layout.partitions[i];
        const SectorRange& range = placement.partitions[i];
        script += fmt::format("start={}, size={}", range.first_lba, range.count);
        if (mbr) {
            script += fmt::format(
                ", type={:02x}{}", *partition.type.mbr, partition.bootable ? ", bootable" : "");
        } else {
            script += gpt_line(partition);
        }
        script += '\n';
    }
    return script;
}

void write_hybrid_mbr(const Layout& layout,
                      const Placement& placement,
                      std::span<std::byte, kSector> sector) {
    constexpr std::uint8_t kProtective = 0xee;
    std::ranges::fill(sector.subspan(kEntries, 4 * kEntrySize), std::byte{0});
    std::size_t entry = 1;
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
        const Partition& partition = layout.partitions[i];
        if (!partition.hybrid_type) continue;
        const SectorRange& range = placement.partitions[i];
        if (entry == 1) {
            put_entry(
                sector, 0, false, kProtective, {.first_lba = 1, .count = range.first_lba - 1});
        }
        put_entry(sector, entry++, partition.bootable, *partition.hybrid_type, range);
    }
}

Result<void> write_partition_table(const Layout& layout,
                                   const Placement& placement,
                                   const std::filesystem::path& image) {
    ToolRun run;
    run.arguments = {"--quiet",
                     "--no-reread",
                     "--no-tell-kernel",
                     "--wipe",
                     "never",
                     "--wipe-partitions",
                     "never",
                     image.string()};
    run.input = sfdisk_script(layout, placement);
    TRY_VOID(run_tool({.name = "sfdisk", .package = "fdisk"}, run));
    if (layout.table != TableKind::hybrid_mbr) return {};

    Fd file = TRY(open_file(image, O_RDWR));
    Bytes sector = TRY(read_at(file, 0, kSector, image.string()));
    write_hybrid_mbr(layout, placement, std::span(sector).first<kSector>());
    TRY_VOID(write_at(file, 0, sector, image.string()));
    return file.close(image.string());
}

}  // namespace cordwainer::image
