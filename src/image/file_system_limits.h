// What each file system, container and partition table can hold at least and at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "image/layout.h"

namespace cordwainer::image {

// A LUKS2 label's longest length in bytes (LUKS2 on-disk format, section 2.1: 48 with the NUL).
constexpr std::size_t kLuksLabel = 47;

// The least bytes of a partition that this file system is made in. ext4: so large that it always
// has a journal; btrfs: what mkfs.btrfs demands; 0 for none.
[[nodiscard]] std::uint64_t smallest_size(FileSystem file_system);

// Where a container's encrypted data begins, bytes. LUKS2: the 16 MiB that cryptsetup leaves for
// header and key slots; LUKS1: 2 MiB.
[[nodiscard]] std::uint64_t payload_offset(const Encryption& encryption);

// What is wrong with a file-system label ("must be at most 16 bytes"), or nothing.
[[nodiscard]] std::optional<std::string> wrong_label(FileSystem file_system,
                                                     const std::string& label);

// Whether a GPT can hold this partition name (36 UTF-16 units, UEFI 2.10, section 5.3.3) and the
// partitioning program's script can carry it.
[[nodiscard]] bool is_gpt_label(const std::string& label);

}  // namespace cordwainer::image
