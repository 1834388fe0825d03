// What tells which core image of GRUB a boot sector of ours starts, so that a run finds out from
// these 512 bytes whether there is anything to do, and reads no more of the disk.
//
// GRUB 2.06, boot/i386/pc/boot.S: bytes 0x03 to 0x59 are left to a BIOS parameter block, and
// nothing lies between the last code and the disk's signature at 0x1b8.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/bytes.h"
#include "core/sha256.h"

namespace cordwainer {

// The 8-byte pointer to the first sector of the core (boot.S, kernel_sector).
inline constexpr std::uint32_t kCorePointerOffset = 0x5c;

struct CoreMark {
    Digest core;                  // the key of the core's recipe
    std::uint64_t first_lba = 0;  // of the core on the disk

    bool operator==(const CoreMark&) const = default;
};

// Marks a boot sector as the one of this core. False, and nothing written, where the place of the
// mark is not empty.
//
// The mark has two parts. GRUB's own installer keeps the parameter block of the sector that it
// replaces, with the key in it, but writes the last code anew, and so takes the name away.
[[nodiscard]] bool put_core_mark(std::span<std::byte> sector, const Digest& core);

// What put_core_mark has written, and the sector's pointer; nothing in other boot sectors.
[[nodiscard]] std::optional<CoreMark> core_mark(ByteView sector);

}  // namespace cordwainer
