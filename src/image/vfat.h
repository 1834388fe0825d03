// FAT file systems: made by mkfs.fat straight into the image, filled by mtools.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "apply/ports.h"
#include "core/error.h"
#include "core/uuid.h"
#include "image/tree.h"

namespace cordwainer::image {

// How a FAT file system of a size is laid out.
struct FatShape {
    unsigned bits = 32;  // 12, 16 or 32
    std::uint64_t sectors_per_cluster = 1;

    bool operator==(const FatShape&) const = default;
};

// FAT32 from 36 MiB on, with clusters as small as 32-bit tables allow without being large; FAT16
// and FAT12 below, within the numbers of clusters that define them (FAT specification, "FAT type
// determination").
[[nodiscard]] FatShape fat_shape(std::uint64_t bytes);

// The bytes of clusters that a tree takes, and that a fresh file system of `bytes` has (never more
// than it really has).
[[nodiscard]] std::uint64_t fat_needs(const Node& root, const FatShape& shape);
[[nodiscard]] std::uint64_t fat_free(std::uint64_t bytes);

// The least bytes, a multiple of 1 MiB, in which the tree surely fits; always enough for FAT32.
[[nodiscard]] std::uint64_t fat_size_for(const Node& root);

// A FAT file system to make.
struct Vfat {
    std::filesystem::path image;  // the image file; it exists and reads as zeros there
    std::uint64_t offset = 0;     // bytes from its beginning
    std::uint64_t first_lba = 0;  // of its partition on the disk: the "hidden sectors"
    std::uint64_t size = 0;       // bytes
    Uuid id;                      // a volume serial number
    std::string label = {};       // "" for none
    std::int64_t epoch = 0;       // every file has this date, or 1980-01-01 if that is later
};

// Makes the file system with this content. Advances `progress` by the bytes of the files.
// invalid_input: what FAT cannot hold, one line each.
[[nodiscard]] Result<void> make_vfat(const Vfat& spec, const Node& root, Progress& progress);

}  // namespace cordwainer::image
