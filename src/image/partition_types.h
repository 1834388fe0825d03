// The types of partitions that a layout may name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/uuid.h"

namespace cordwainer::image {

// A partition's type as the partition table stores it.
struct PartitionType {
    std::string name = {};                 // "esp"; empty where the layout gave a GUID or a number
    std::optional<Uuid> guid = {};         // GPT (UEFI 2.10, section 5.3.3, and the UAPI Group's
                                           // Discoverable Partitions Specification)
    std::optional<std::uint8_t> mbr = {};  // the type byte of an MBR entry

    bool operator==(const PartitionType&) const = default;
};

// Finds a type by name, by GUID, or by an MBR byte written as "0x83". Nothing for anything else.
[[nodiscard]] std::optional<PartitionType> find_partition_type(std::string_view text);

// Every name that find_partition_type knows, for messages.
[[nodiscard]] const std::vector<std::string>& partition_type_names();

// "0x0c" → 0x0c; nothing for other notations and for the types of what is no partition with
// content.
[[nodiscard]] std::optional<std::uint8_t> parse_mbr_type(std::string_view text);

}  // namespace cordwainer::image
