#include "apply/boot_code.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace cordwainer {
namespace {

using SwitchStep = BasicSwitchBootCode<RealisedSource>;
using Slot = BasicBootSlot<RealisedSource>;

constexpr std::size_t kBootSector = 512;
constexpr std::size_t kPointer = 8;

Error refused(const SwitchStep& step, const std::string& why) {
    return {Errc::refused, "boot code of target " + step.target.text + ": " + why};
}

// The bytes of a slot; nothing where they are more than 64 bits can say.
std::optional<std::uint64_t> capacity(const Slot& slot, std::uint32_t sector_size) {
    std::uint64_t bytes = 0;
    std::uint64_t end = 0;
    if (__builtin_mul_overflow(slot.range.count, sector_size, &bytes) ||
        __builtin_add_overflow(slot.range.first_lba, slot.range.count, &end) ||
        __builtin_mul_overflow(end, sector_size, &end))
        return std::nullopt;
    return bytes;
}

bool overlap(const SectorRange& a, const SectorRange& b) {
    return a.first_lba < b.first_lba + b.count && b.first_lba < a.first_lba + a.count;
}

// The slot that the sector points to.
const Slot* live_slot(const SwitchStep& step, ByteView sector) {
    const auto pointer = le64_at(sector, step.pointer_offset);
    for (const Slot& slot : step.slots) {
        if (slot.range.first_lba == pointer) return &slot;
    }
    return nullptr;
}

// The one for the next image.
const Slot& next_slot(const SwitchStep& step, ByteView sector) {
    const Slot* const live = live_slot(step, sector);
    return live == &step.slots.front() ? step.slots.back() : step.slots.front();
}

// The boot sector that starts `slot`, with what is to be kept of `there`.
Bytes sector_for(const SwitchStep& step, const Slot& slot, Bytes boot_code, ByteView there) {
    for (const auto& range : step.keep) {
        std::copy_n(there.begin() + range.first, range.count, boot_code.begin() + range.first);
    }
    // check_boot_code has seen that it fits.
    (void)put_le(boot_code, step.pointer_offset, kPointer, slot.range.first_lba);
    return boot_code;
}

Result<bool> holds(BlockTarget& disk, const Slot& slot, ByteView image) {
    const Bytes there = TRY(disk.read(slot.range.first_lba * disk.sector_size(), image.size()));
    return std::ranges::equal(there, image);
}

// The sizes have been checked, so they must be true.
Result<Bytes> read_exactly(const RealisedSource& source, Contents& contents) {
    Bytes bytes = TRY(contents.read(source));
    if (bytes.size() == size_of(source)) return bytes;
    return Error(Errc::corrupt,
                 "a piece of boot code has " + std::to_string(bytes.size()) + " bytes instead of " +
                     std::to_string(size_of(source)));
}

// An image fills whole sectors.
Result<Bytes> image_of(const Slot& slot, Contents& contents, std::uint32_t sector_size) {
    Bytes image = TRY(read_exactly(slot.image, contents));
    image.resize((image.size() + sector_size - 1) / sector_size * sector_size);
    return image;
}

Result<void> switch_to(const SwitchStep& step,
                       const Slot& slot,
                       Bytes boot_code,
                       BlockTarget& disk) {
    // Read again: between the two a partition may have been changed.
    const Bytes there = TRY(disk.read(0, kBootSector));
    const Bytes sector = sector_for(step, slot, std::move(boot_code), there);
    TRY_VOID(disk.write_boot_sector(sector).with_context("write the boot sector"));
    const Bytes written = TRY(disk.read(0, kBootSector));
    if (!std::ranges::equal(written, sector))
        return Error(Errc::corrupt, "the disk does not give back the boot sector that was written");
    return {};
}

}  // namespace

Result<void> check_boot_code(const SwitchStep& step, std::uint32_t sector_size) {
    if (size_of(step.boot_code) != kBootSector)
        return refused(
            step, "it has " + std::to_string(size_of(step.boot_code)) + " bytes instead of 512");
    if (step.pointer_offset > kBootSector - kPointer)
        return refused(step, "its pointer lies outside the boot sector");
    for (const auto& range : step.keep) {
        if (range.first > kBootSector || range.count > kBootSector - range.first)
            return refused(step, "what it keeps lies outside the boot sector");
    }
    if (step.slots.empty() || step.slots.size() > 2)
        return refused(
            step, "it has " + std::to_string(step.slots.size()) + " places instead of two or one");
    for (const Slot& slot : step.slots) {
        const auto room = capacity(slot, sector_size);
        if (!room || slot.range.first_lba == 0)
            return refused(step, "a place for it is no place on a disk");
        if (size_of(slot.image) > *room) {
            return refused(step,
                           "the image has " + std::to_string(size_of(slot.image)) +
                               " bytes, and its place at LBA " +
                               std::to_string(slot.range.first_lba) + " has " +
                               std::to_string(*room));
        }
    }
    if (step.slots.size() == 2 && overlap(step.slots[0].range, step.slots[1].range))
        return refused(step, "its two places overlap");
    return {};
}

Result<bool> has_boot_code(const SwitchStep& step,
                           BlockTarget& disk,
                           Contents& contents,
                           Trust trust) {
    TRY_VOID(check_boot_code(step, disk.sector_size()));
    const Bytes there = TRY(disk.read(0, kBootSector));
    const Slot* const live = live_slot(step, there);
    if (!live) return false;
    const Bytes boot_code = TRY(read_exactly(step.boot_code, contents));
    if (sector_for(step, *live, boot_code, there) != there) return false;
    if (trust == Trust::stamps && step.slots.size() > 1) return true;
    const Bytes image = TRY(image_of(*live, contents, disk.sector_size()));
    return holds(disk, *live, image);
}

Result<SectorRange> next_place(const SwitchStep& step, BlockTarget& disk) {
    TRY_VOID(check_boot_code(step, disk.sector_size()));
    const Bytes there = TRY(disk.read(0, kBootSector));
    return next_slot(step, there).range;
}

Result<void> switch_boot_code(
    const SwitchStep& step, BlockTarget& disk, Contents& contents, Trust trust, bool& changed) {
    const bool done = TRY(has_boot_code(step, disk, contents, trust));
    if (done) return {};
    const Bytes there = TRY(disk.read(0, kBootSector));
    const Slot& slot = next_slot(step, there);
    const Bytes image = TRY(image_of(slot, contents, disk.sector_size()));
    Bytes boot_code = TRY(read_exactly(step.boot_code, contents));
    changed = true;
    const std::uint64_t offset = slot.range.first_lba * disk.sector_size();
    TRY_VOID(
        disk.write(offset, image)
            .with_context("write the boot image at LBA " + std::to_string(slot.range.first_lba)));
    return switch_to(step, slot, std::move(boot_code), disk);
}

}  // namespace cordwainer
