#include "cli/generation_marks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "apply/installed.h"
#include "cli/config_file.h"
#include "cli/generations_request.h"
#include "cli/once.h"
#include "host/pins.h"
#include "host/record_files.h"

namespace cordwainer::cli {
namespace {

// What cannot be read is nothing that the loader reads either, or nothing for this user to see.
std::optional<std::uint64_t> booted_once(const Root& root,
                                         const Installed& installed,
                                         const Generations& generations) {
    const auto store = OnceStore::of(installed.bootloader, installed.targets, root);
    const auto entry = store ? store->read() : std::optional<std::string>();
    if (!entry || !*entry) return std::nullopt;
    const auto id = once_generation(installed, **entry);
    if (!id || !find_generation(generations, *id)) return std::nullopt;
    return id->number;
}

}  // namespace

bool GenerationMarks::may_run(std::uint64_t number) const {
    return std::ranges::count(running.numbers, number) != 0;
}

Result<GenerationMarks> read_marks(const Root& root,
                                   const std::filesystem::path& state,
                                   const Generations& generations) {
    GenerationMarks marks;
    const std::vector<GenerationId> pins = TRY(read_pins(state));
    for (const GenerationId& pin : pins) {
        if (find_generation(generations, pin)) marks.pinned.insert(pin.number);
    }
    const auto booted = TRY(read_booted(root));
    if (booted) marks.running = running_generation(generations, *booted);
    const auto installed = TRY(read_installed(state));
    if (!installed) return marks;
    const auto number = [&](const std::optional<GenerationId>& id) {
        const bool there = id && find_generation(generations, *id);
        return there ? std::optional(id->number) : std::nullopt;
    };
    marks.boots = number(default_of(*installed));
    marks.installed = number(installed->boots);
    marks.once = booted_once(root, *installed, generations);
    return marks;
}

std::optional<std::string> why_it_stays(const GenerationMarks& marks,
                                        const Generation& generation) {
    if (marks.running.certain() == generation.number) return "it is the one that runs";
    if (marks.may_run(generation.number))
        return "it may be the one that runs: " + marks.running.why;
    if (marks.boots == generation.number) return "it boots by default";
    if (marks.installed == generation.number) return "the menu was made with it";
    if (marks.once == generation.number) return "it boots next, once (`switch --once`)";
    if (generation.current) return "it is the system's current one";
    if (marks.pinned.contains(generation.number)) return "it is pinned";
    return std::nullopt;
}

Result<MarkedGenerations> read_marked(const Common& common, DigestCache& digests) {
    const GenerationsConfig config = TRY(load_generations_config(common));
    Root system = TRY(Root::open(common.root));
    GenerationsRequest request = generations_request(system, common, config);
    Generations generations = TRY(read_generations(system, request, digests));
    const GenerationMarks marks = TRY(read_marks(system, common.state, generations));
    return MarkedGenerations{.system = std::move(system),
                             .request = std::move(request),
                             .generations = std::move(generations),
                             .marks = marks};
}

}  // namespace cordwainer::cli
