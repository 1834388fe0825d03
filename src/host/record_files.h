// The records of generations in the state directory: STATE/records/N.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "apply/record.h"
#include "core/error.h"

namespace cordwainer {

// Writes STATE/records/N.json for the record's generation N, durably, making the directory.
[[nodiscard]] Result<void> write_record(const std::filesystem::path& state, const Record& record);

// The record of generation `number`; nothing where there is none. It applies only to a generation
// of the same identity: the caller compares.
[[nodiscard]] Result<std::optional<Record>> read_record(const std::filesystem::path& state,
                                                        std::uint64_t number);

}  // namespace cordwainer
