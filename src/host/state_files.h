// The small files of the state directory: each is read whole, and replaced whole.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace cordwainer {

// The file's text; nothing where there is none.
[[nodiscard]] Result<std::optional<std::string>> read_state_file(const std::filesystem::path& path);

// Makes the file say this, durably and at once; its directory is made.
[[nodiscard]] Result<void> write_state_file(const std::filesystem::path& path,
                                            std::string_view text);

// That the file cannot be understood, as `why` says. Only its owner can decide to go on without
// it: `then` completes "`rm PATH` …" with what to do after that, and what is lost.
[[nodiscard]] Error damaged_state_file(const Error& why,
                                       const std::filesystem::path& path,
                                       std::string_view then);

}  // namespace cordwainer
