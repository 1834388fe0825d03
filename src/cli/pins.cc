#include "cli/pins.h"

#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "cli/generation_marks.h"
#include "cli/live.h"
#include "cli/output.h"
#include "cli/workspace.h"
#include "host/pins.h"

namespace cordwainer::cli {
namespace {

struct PinOptions {
    std::vector<std::uint64_t> numbers;
    bool no_wait = false;
};

Result<int> change_pin(const std::string& name,
                       const ChangePins& change,
                       const PinOptions& options,
                       const Common& common) {
    const RunLock held = TRY(lock_machine(common.state, !options.no_wait).with_context(name));
    Workspace workspace = Workspace::for_machine(common);
    const MarkedGenerations marked =
        TRY(read_marked(common, workspace.digests()).with_context(name));
    const std::vector<GenerationId> before = TRY(read_pins(common.state).with_context(name));
    std::vector<GenerationId> pins = before;
    for (const std::uint64_t number : options.numbers) {
        TRY_VOID(change(pins, marked.generations, number).with_context(name));
    }
    if (pins != before) TRY_VOID(write_pins(common.state, pins).with_context(name));
    std::set<std::uint64_t> pinned;
    for (const GenerationId& id : pins) {
        if (find_generation(marked.generations, id)) pinned.insert(id.number);
    }
    if (common.json) {
        TRY_VOID(print_json({{"format", "cordwainer-" + name + "/1"}, {"pinned", pinned}}));
    } else {
        TRY_VOID(print(pinned.empty() ? "no generation is pinned\n"
                                      : fmt::format("pinned: {}\n", fmt::join(pinned, ", "))));
    }
    return kDone;
}

}  // namespace

Command pins_command(std::string name,
                     std::string summary,
                     std::string details,
                     ChangePins change) {
    return {
        .name = name,
        .summary = std::move(summary),
        .declare = [name, change = std::move(change)] -> Declared {
            auto options = std::make_shared<PinOptions>();
            return {.options = {{.names = {"N"},
                                 .meaning = "The generations",
                                 .target = &options->numbers,
                                 .required = true},
                                no_wait_option(options->no_wait)},
                    .run = [name, change, options](const Common& common) {
                        return change_pin(name, change, *options, common);
                    }};
        },
        .details = std::move(details),
    };
}

}  // namespace cordwainer::cli
