#include "cli/unpin.h"

#include <cstdint>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/pins.h"

namespace cordwainer::cli {
namespace {

Result<void> unpin(std::vector<GenerationId>& pins,
                   const Generations& /*generations*/,
                   std::uint64_t number) {
    const auto erased =
        std::erase_if(pins, [&](const GenerationId& id) { return id.number == number; });
    if (erased == 0) complain("generation " + std::to_string(number) + " is not pinned");
    return {};
}

}  // namespace

Command unpin_command() {
    return pins_command("unpin",
                        "lets pinned generations be deleted again",
                        R"(The opposite of `pin`. A number that is not pinned is no mistake.

Example:

  cordwainer unpin 41)",
                        unpin);
}

}  // namespace cordwainer::cli
