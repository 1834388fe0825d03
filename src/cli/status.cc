#include "cli/status.h"

#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "cli/status_facts.h"
#include "cli/status_text.h"

namespace cordwainer::cli {
namespace {

constexpr const char* kStatusDetails =
    R"(Says which generation boots next and why, whether the running one could be booted again, and for each target whether it is as it was installed, how much room it takes and how much is free. Files are compared by size and by what changes with their content; only `cordwainer verify` reads them.

Nothing is written, and no lock is taken. Without root's rights some of it cannot be seen, and that is said.

The status is 0 where everything is as it was installed, 3 where something needs repair, an EFI system partition that is not there included, and 1 where that cannot be told, as while a run is at work.

Examples:

  cordwainer status
  cordwainer status --json)";

Result<int> run_status(const Common& common) {
    const MachineStatus status = TRY(look_at_status(common).with_context("status"));
    TRY_VOID(common.json ? print_json(status_json(status)) : print(status_text(status)));
    switch (health_of(status)) {
        case Health::sound:
            return kDone;
        case Health::needs_repair:
            return kPartial;
        case Health::unknown:
            break;
    }
    return kFailed;
}

}  // namespace

Command status_command() {
    return {
        .name = "status",
        .summary = "shows what boots next, and whether all is as it was installed",
        .declare = [] -> Declared { return {.run = run_status}; },
        .details = kStatusDetails,
    };
}

}  // namespace cordwainer::cli
