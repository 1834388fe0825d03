// How large a directory on FAT is made before anything in it counts: growing it later is a step
// that a power cut can tear (host/mounted_fat.h). FAT has no other way to that than names, which
// are removed again: a directory stays as large as it was once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cordwainer {

// In bytes: 512 entries, of which a name takes one and one more for 13 characters; no root
// directory of FAT16 has more.
inline constexpr std::uint64_t kFatRoom = 16384;

// The names that make a directory so large: each takes kFatRoomNameBytes, 16 entries of 32 bytes.
// Longer ones need two clusters of 512 bytes at once, which mtools do not give them.
inline constexpr int kFatRoomNames = 32;
inline constexpr std::uint64_t kFatRoomNameBytes = 512;

// What they begin with.
inline constexpr std::string_view kFatRoomPrefix = "cordwainer-room-";

// One of them: 195 characters.
[[nodiscard]] std::string fat_room_name(int number);

}  // namespace cordwainer
