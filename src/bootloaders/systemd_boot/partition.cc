#include "bootloaders/systemd_boot/partition.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

namespace cordwainer::systemd_boot {
namespace {

Error refuse(const Target& target, const std::string& why, const std::string& instead) {
    const std::string place = target.spec.location.text();
    return {Errc::refused,
            (place.empty() ? "" : place + ": ") + "`" + target.tag + "` (" + target.spec.path +
                ") " + why + ": " + instead};
}

// What lies between a disk and a file system that firmware does not see through. A RAID 1 whose
// metadata is at its end looks like a plain partition.
std::optional<std::string> hidden_by(const StorageLayer& layer) {
    if (std::holds_alternative<LuksContainer>(layer)) return "is encrypted";
    if (std::holds_alternative<LogicalVolume>(layer)) return "lies on a logical volume";
    const auto* raid = std::get_if<RaidArray>(&layer);
    const bool plain =
        !raid || (raid->level == "raid1" && (raid->metadata == "1.0" || raid->metadata == "0.90"));
    return plain ? std::nullopt : std::optional<std::string>("lies on a RAID array");
}

Result<void> check_partition(const Target& target) {
    const std::string kind =
        target.tag == "esp" ? "an EFI system partition" : "an extended boot loader partition";
    if (target.boot.offset && !target.boot.offset->empty()) {
        return refuse(target,
                      "lies inside a file system, at " + *target.boot.offset,
                      "systemd-boot reads its menu at the root of a partition; name the place "
                      "where " +
                          kind + " is mounted");
    }
    const std::optional<Volume>& volume = target.boot.volume;
    if (!volume) return {};
    if (volume->file_system != "vfat") {
        return refuse(target,
                      "lies on a file system of type " + volume->file_system +
                          ", which UEFI firmware does not read",
                      "mount " + kind + " (vfat) there");
    }
    for (const StorageLayer& layer : volume->layers) {
        if (const auto why = hidden_by(layer)) {
            return refuse(target,
                          *why + ", which UEFI firmware does not read",
                          "mount " + kind + " on a plain partition there");
        }
    }
    return {};
}

}  // namespace

Result<void> check_esp(const Target& target) {
    return check_partition(target);
}

// systemd-boot looks for it by its partition type, in a GPT (src/boot/efi/part-discovery.c).
Result<void> check_boot(const Target& target) {
    TRY_VOID(check_partition(target));
    if (!target.boot.volume) return {};
    const bool on_mbr = std::ranges::any_of(target.boot.volume->layers, [](const auto& layer) {
        const auto* table = std::get_if<PartitionTable>(&layer);
        return table && table->kind == PartitionTable::Kind::mbr;
    });
    if (!on_mbr) return {};
    return refuse(target,
                  "lies on a disk with an MBR, where systemd-boot does not find it",
                  "remove `boot`, or use a GPT");
}

}  // namespace cordwainer::systemd_boot
