// What the state directory remembers of installations: a record for each generation,
// STATE/records/N.json, and what is installed now, STATE/installed.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "apply/installed.h"
#include "apply/record.h"
#include "core/error.h"

namespace cordwainer {

// Writes STATE/records/N.json for the record's generation N, durably, making the directory. One
// that is there already, word for word, is not written again.
[[nodiscard]] Result<void> write_record(const std::filesystem::path& state, const Record& record);

// The record of generation `number`; nothing where there is none. It applies only to a generation
// of the same identity: the caller compares.
[[nodiscard]] Result<std::optional<Record>> read_record(const std::filesystem::path& state,
                                                        std::uint64_t number);

// The numbers that have a record, ascending.
[[nodiscard]] Result<std::vector<std::uint64_t>> recorded_numbers(
    const std::filesystem::path& state);

// Makes STATE/installed.json say this, durably and at once; the directory is made.
[[nodiscard]] Result<void> write_installed(const std::filesystem::path& state,
                                           const Installed& installed);

// What is installed; nothing where nothing was. corrupt where the file cannot be understood, with
// what to do.
[[nodiscard]] Result<std::optional<Installed>> read_installed(const std::filesystem::path& state);

}  // namespace cordwainer
