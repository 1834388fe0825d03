#include "cli/pin.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/pins.h"
#include "cli/reading.h"

namespace cordwainer::cli {
namespace {

Result<void> pin(std::vector<GenerationId>& pins,
                 const Generations& generations,
                 std::uint64_t number) {
    const Generation generation = TRY(generation_of(generations, number));
    // What was pinned under this number before is gone.
    std::erase_if(pins, [&](const GenerationId& id) { return id.number == number; });
    pins.push_back(id_of(generation));
    std::ranges::sort(pins, {}, &GenerationId::number);
    return {};
}

}  // namespace

Command pin_command() {
    return pins_command(
        "pin",
        "keeps generations from being deleted",
        R"(A pinned generation is refused by `delete N` and skipped by `delete --keep` and `--older-than`, until `unpin N`. The pin is that generation's: where the system uses its number again, the new one is not pinned.

Example:

  cordwainer pin 41)",
        pin);
}

}  // namespace cordwainer::cli
