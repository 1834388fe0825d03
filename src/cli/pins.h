// What `pin` and `unpin` share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "apply/installed.h"
#include "cli/command.h"
#include "core/error.h"
#include "model/generation.h"

namespace cordwainer::cli {

// Changes the pins; the error says why not.
using ChangePins = std::function<Result<void>(
    std::vector<GenerationId>& pins, const Generations& generations, std::uint64_t number)>;

// A command `name` N… that makes the change for each number and tells which are pinned.
[[nodiscard]] Command pins_command(std::string name,
                                   std::string summary,
                                   std::string details,
                                   ChangePins change);

}  // namespace cordwainer::cli
