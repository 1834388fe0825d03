// The numbers in the names of generations' links and directories.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sys/root.h"

namespace cordwainer {

// The number that these digits are. Nothing for a leading zero, which nobody who numbers
// generations writes (two names would have one number), and for what needs more than 64 bits.
[[nodiscard]] std::optional<std::uint64_t> generation_number(std::string_view digits);

// A directory's entry whose name has a number.
struct NumberedEntry {
    DirectoryEntry entry;
    std::optional<std::uint64_t> number;  // none: its digits are no generation_number
};

// Those of `entries` whose names are `prefix`, digits, `suffix`, by number.
[[nodiscard]] std::vector<NumberedEntry> numbered_entries(std::vector<DirectoryEntry> entries,
                                                          std::string_view prefix,
                                                          std::string_view suffix);

// Why a generation whose digits are no generation_number is skipped.
constexpr const char* kNoGenerationNumber =
    "the number in its name has a leading zero or is too large";

}  // namespace cordwainer
