// The firmware's boot entries: EFI_LOAD_OPTION (UEFI 2.10, section 3.1.3), with a device path that
// leads to an EFI program on a partition (sections 10.3.5.1 and 10.3.5.4). Also UTF-16, in which
// firmware has its texts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/error.h"

namespace cordwainer {

// The UTF-16 of well-formed UTF-8, little endian, without a terminating NUL; what is ill-formed
// becomes U+FFFD.
[[nodiscard]] Bytes to_utf16(std::string_view text);

// The UTF-8 of UTF-16, little endian, up to a NUL; unpaired surrogates become U+FFFD.
[[nodiscard]] std::string from_utf16(ByteView bytes);

// A partition as firmware knows it: the hard drive node of a device path.
struct EfiPartition {
    enum class Table : std::uint8_t { mbr = 1, gpt = 2 };  // also the type of its signature

    Table table = Table::gpt;
    std::uint32_t number = 0;  // counted from 1
    std::uint64_t first_lba = 0;
    std::uint64_t sectors = 0;
    // GPT: the partition's own GUID as it is stored in the table; MBR: the disk's signature, in the
    // first 4 bytes.
    std::array<std::byte, 16> signature = {};

    // Whether this is the same partition, wherever it was moved to on its disk.
    [[nodiscard]] bool is(const EfiPartition& other) const;
};

// From a partition's UUID as libblkid writes it: of a GPT "3f9c1a52-…", of an MBR "1b2c3d4e-01".
// Nothing where it is neither; number, place and size are left out.
[[nodiscard]] std::optional<EfiPartition> efi_partition(std::string_view partition_uuid);

// What an entry starts.
struct EfiProgram {
    EfiPartition partition;
    std::string path;  // below the partition's root, with "/": "EFI/debian/shimx64.efi"
};

// Whether both paths name one file on FAT, where ASCII letters have no case.
[[nodiscard]] bool same_efi_path(std::string_view a, std::string_view b);

struct LoadOption {
    // Whether the firmware tries it when its turn comes: it is active, and no application that is
    // only there to be chosen (LOAD_OPTION_CATEGORY_APP), such as the firmware's setup.
    bool active = true;
    std::string title;
    // Nothing where the device path leads elsewhere (a whole disk, a network, the firmware itself).
    std::optional<EfiProgram> program;
};

// invalid_input where it is cut off or has no end.
[[nodiscard]] Result<LoadOption> parse_load_option(ByteView bytes);

// The entry's program must be there. Its device path is the short one that begins with the
// partition (UEFI 2.10, section 3.1.2).
[[nodiscard]] Bytes render_load_option(const std::string& title, const EfiProgram& program);

}  // namespace cordwainer
