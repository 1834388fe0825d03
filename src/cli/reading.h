// What every pipeline begins with: the registered bootloader, and what was read of generations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "model/bootloader.h"
#include "model/generation.h"

namespace cordwainer::cli {

// The bootloader of this name; nothing for "none".
[[nodiscard]] std::optional<Bootloader> bootloader_named(const std::vector<Bootloader>& all,
                                                         const std::string& name);

// The generation that the system calls the current one; null where there is none.
[[nodiscard]] const Generation* current_of(const Generations& generations);

// The generation of this number; not_found where there is none, or it cannot be read, with why.
[[nodiscard]] Result<Generation> generation_of(const Generations& generations,
                                               std::uint64_t number);

// A sentence for each generation that is left out, and for each problem of one that is not.
[[nodiscard]] std::vector<std::string> warnings_about(const Generations& generations);

// What to do for a file of the system that is not what it was: a part of a sentence.
[[nodiscard]] std::string restore_advice(std::string_view path);

}  // namespace cordwainer::cli
