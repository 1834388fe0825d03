#include "cli/roots.h"

#include <cstdint>
#include <vector>

#include "host/gc_roots.h"
#include "host/record_files.h"

namespace cordwainer::cli {
namespace {

// The system of each generation, with all that its boot goes on to, and the files that the loader
// reads.
StoreItems items_of_menu(const LivePlan& planned) {
    StoreItems items;
    if (!planned.bootloader) return items;
    for (const Generation& generation : planned.generations.list) {
        add_item(generation.identity, items);
    }
    add_items_of(planned.plan, items);
    return items;
}

}  // namespace

Result<void> root_menu(const LivePlan& planned) {
    return add_gc_roots(planned.system, items_of_menu(planned))
        .with_context("keep the menu's files from the garbage collector");
}

Result<void> prune_roots(const LivePlan& planned, const std::filesystem::path& state) {
    StoreItems items = items_of_menu(planned);
    const std::vector<std::uint64_t> numbers = TRY(recorded_numbers(state));
    for (const std::uint64_t number : numbers) {
        const auto record = read_record(state, number);
        // What a damaged one needs is not known, so nothing is released. `gc` tells of it.
        if (!record) return {};
        if (*record) add_items_of((*record)->plan, items);
    }
    return prune_gc_roots(planned.system, items);
}

}  // namespace cordwainer::cli
