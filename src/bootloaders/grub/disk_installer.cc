#include "bootloaders/grub/disk_installer.h"

#include <string>
#include <utility>

#include "bootloaders/grub/boot_code_makers.h"
#include "bootloaders/grub/installation.h"
#include "formats/grub_boot_sector.h"

namespace cordwainer::grub {
namespace {

// No core image is smaller: 24 KiB of GRUB's kernel alone, compressed, and its loader.
constexpr std::uint64_t kSmallestCore = 48;  // sectors

// The disk's signature, the partition table and the boot signature stay those of the disk. The BIOS
// parameter block (0x03 to 0x59) does not: on a partitioned disk it holds remains of other boot
// code, or would make the disk look like one FAT file system.
constexpr std::uint32_t kKeepFirst = 0x1b8;
constexpr std::uint32_t kKeepCount = 0x200 - kKeepFirst;

std::string name_of(const SectorRange& range) {
    return "LBA " + std::to_string(range.first_lba) + " to " +
           std::to_string(range.first_lba + range.count - 1);
}

// The sectors that may hold the core image.
Result<SectorRange> space_for_core(const ObservedDisk& disk) {
    if (disk.sector_size != 512) {
        return Error(Errc::unsupported,
                     "GRUB for BIOS reads sectors of 512 bytes, and this disk has sectors of " +
                         std::to_string(disk.sector_size) + ": use UEFI (`esp`)");
    }
    if (!disk.table) {
        return Error(Errc::refused,
                     "the disk has no partition table, so that there is no place for GRUB's core "
                     "image: make a GPT with a partition of type bios-boot");
    }
    if (*disk.table == PartitionTable::Kind::gpt) {
        if (disk.bios_boot) return *disk.bios_boot;
        return Error(Errc::refused,
                     "the disk has a GPT but no BIOS boot partition: add a partition of type "
                     "bios-boot (21686148-6449-6E6F-744E-656564454649) of 1 MiB");
    }
    if (disk.gap) return *disk.gap;
    return Error(Errc::refused,
                 "there is no gap between the partition table and the first partition: start the "
                 "first partition at 1 MiB (LBA 2048)");
}

Result<std::vector<SectorRange>> slots_in(const SectorRange& space,
                                          bool single_slot,
                                          const ObservedDisk& disk,
                                          std::vector<std::string>& warnings) {
    if (disk.unknown_data && !single_slot) {
        return Error(Errc::refused,
                     name_of(space) +
                         " holds data that cordwainer did not write: if it may be overwritten, for "
                         "example because it is another boot loader's, set `single-slot = true`");
    }
    if (space.count < kSmallestCore) {
        return Error(Errc::no_space,
                     name_of(space) + " has " + std::to_string(space.count * 512) +
                         " bytes, too few for any core image: make a BIOS boot partition of 1 MiB, "
                         "or start the first partition at 1 MiB");
    }
    if (single_slot) {
        warnings.push_back(
            "with `single-slot` the boot code is overwritten in place: a power cut while it is "
            "written leaves a disk that does not boot");
        return std::vector{space};
    }
    const std::uint64_t half = space.count / 2;
    if (half < kSmallestCore) {
        return Error(Errc::no_space,
                     name_of(space) + " has " + std::to_string(space.count * 512) +
                         " bytes, too few for two core images, without which an update is not safe "
                         "against power cuts: make it larger, or set `single-slot = true`");
    }
    return std::vector<SectorRange>{{.first_lba = space.first_lba, .count = half},
                                    {.first_lba = space.first_lba + half, .count = half}};
}

}  // namespace

std::optional<std::string> why_no_place(const ObservedDisk& disk) {
    const Result<SectorRange> space = space_for_core(disk);
    if (!space) return space.error().message();
    std::vector<std::string> warnings;
    const auto slots = slots_in(*space, false, disk, warnings);
    return slots ? std::nullopt : std::optional(slots.error().message());
}

Result<InstallSteps> install_disk(const InstallRequest& request, const Target& target) {
    const Installation installation = TRY(plan_installation(request));
    const InstalledPlatform* bios = installation.find(kBiosPlatform);
    if (!bios) return Error(Errc::invalid_input, "BIOS is not in use");
    const auto* disk = std::get_if<ObservedDisk>(&target.observed);
    if (!disk) return Error(Errc::invalid_input, "target " + target.id.text + " is no disk");

    InstallSteps made;
    const SectorRange space = TRY(space_for_core(*disk));
    const auto slots = TRY(slots_in(space, installation.config.single_slot, *disk, made.warnings));
    // A single slot is read in every run, and a core in it may reach into the second half, which
    // the mark would let the next run take for free once there are two.
    const std::optional<Digest> mark =
        slots.size() > 1 ? std::optional(recipe_key(bios->core)) : std::nullopt;
    SwitchBootCode step{.target = target.id,
                        .boot_code = TRY(boot_sector_recipe(bios->modules, mark)),
                        .keep = {{.first = kKeepFirst, .count = kKeepCount}},
                        .pointer_offset = kCorePointerOffset,
                        .slots = {}};
    for (const SectorRange& slot : slots) {
        step.slots.push_back({.range = slot, .image = placed_core_recipe(bios->core, slot)});
    }
    made.steps.emplace_back(std::move(step));
    return made;
}

}  // namespace cordwainer::grub
