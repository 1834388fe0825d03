#include "cli/delete.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bootloaders/registry.h"
#include "cli/as_installed.h"
#include "cli/generation_marks.h"
#include "cli/generation_numbers.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "cli/remove.h"

namespace cordwainer::cli {
namespace {

struct DeleteOptions {
    std::vector<std::uint64_t> numbers;
    std::optional<std::uint64_t> keep;
    std::optional<std::uint64_t> older_than;  // days
    bool dry_run = false;
    bool no_wait = false;
};

constexpr const char* kDeleteDetails =
    R"(First the menu that is installed now is installed without the generations, with the same bootloader, configuration and default; one that was never installed does not come in by it. Only when that is complete, and durable, their links in the system's profile go (of cordwainer's own generations the directories), then their records and the objects that nothing needs any more. So no moment has a menu entry without its files. Where the menu cannot be installed everywhere, nothing is removed.

The generation that runs, those that boot by default, that are to boot once or are the system's current one, and those that are pinned stay: named by number they are refused, and nothing is changed; --keep and --older-than skip them and say so.

On Guix, what the generations kept in the store goes with the next `guix gc`.

A run that was cut off is completed by the same command.

Examples:

  cordwainer delete 38 39
  cordwainer delete --keep 5
  cordwainer delete --older-than 90 --dry-run)";

struct Skipped {
    std::uint64_t number = 0;
    std::string why;
};

struct DeleteChoice {
    std::vector<GenerationId> go;
    std::vector<Skipped> skipped;
    std::vector<std::uint64_t> missing;  // named, but not there
};

// Those that are named; all of them may go, or none does.
Result<DeleteChoice> choose_named(const std::vector<std::uint64_t>& numbers,
                                  const MarkedGenerations& marked) {
    DeleteChoice choice;
    std::vector<std::string> refused;
    for (const std::uint64_t number : numbers) {
        const auto found = std::ranges::find(marked.generations.list, number, &Generation::number);
        if (found == marked.generations.list.end()) {
            choice.missing.push_back(number);
        } else if (const auto why = why_it_stays(marked.marks, *found)) {
            refused.push_back(fmt::format("generation {} is not deleted: {}", number, *why));
        } else if (std::ranges::count(choice.go, id_of(*found)) == 0) {
            choice.go.push_back(id_of(*found));
        }
    }
    if (refused.empty()) return choice;
    return Error(Errc::refused, fmt::format("{}", fmt::join(refused, "\n")));
}

DeleteChoice choose_by_rule(const DeleteOptions& options, const MarkedGenerations& marked) {
    using std::chrono::system_clock;
    const auto& list = marked.generations.list;
    const std::int64_t now = system_clock::to_time_t(system_clock::now());
    constexpr std::int64_t kDay = 86'400;
    DeleteChoice choice;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Generation& generation = list[i];
        const bool surplus = options.keep && list.size() - i > *options.keep;
        const std::int64_t age = (now - generation.created) / kDay;
        const bool old = options.older_than && age >= 0 &&
                         static_cast<std::uint64_t>(age) >= *options.older_than;
        if (!surplus && !old) continue;
        if (const auto why = why_it_stays(marked.marks, generation)) {
            choice.skipped.push_back({.number = generation.number, .why = *why});
        } else {
            choice.go.push_back(id_of(generation));
        }
    }
    return choice;
}

Result<void> tell(const DeleteChoice& choice,
                  const std::vector<GenerationId>& gone,
                  const std::vector<Waste>& waste,
                  bool dry_run,
                  const Common& common) {
    if (common.json) {
        Json skipped = Json::array();
        for (const Skipped& one : choice.skipped) {
            skipped.push_back({{"generation", one.number}, {"why", one.why}});
        }
        return print_json({{"format", "cordwainer-delete/1"},
                           {"dry_run", dry_run},
                           {"deleted", numbers_of(gone)},
                           {"skipped", skipped},
                           {"removed", waste_json(waste)},
                           {"bytes", bytes_of(waste)}});
    }
    if (gone.empty()) return print("no generation is deleted\n" + waste_text(waste, "removed"));
    return print(fmt::format("{}: {}\n{}",
                             dry_run ? "would delete" : "deleted",
                             fmt::join(numbers_of(gone), ", "),
                             waste_text(waste, "removed")));
}

Result<int> delete_chosen(const DeleteChoice& choice,
                          const MarkedGenerations& marked,
                          Workspace& workspace,
                          const Common& common) {
    LiveRequest request = TRY(as_installed(common, marked.generations, all_bootloaders()));
    const Removed removed =
        TRY(remove_generations(common, std::move(request), choice.go, marked, workspace));
    // The rest of a deletion that was cut off has no generation any more, only what it left behind.
    if (choice.go.empty() && !choice.missing.empty() && removed.waste.empty() &&
        removed.not_done.empty()) {
        return Error(Errc::not_found,
                     "there is none of these generations (`cordwainer list` shows all)");
    }
    TRY_VOID(tell(choice, removed.generations, removed.waste, false, common));
    warn(removed.planned.warnings);
    for (const std::string& why : removed.not_done) complain(why);
    if (removed.not_done.empty()) return kDone;
    complain(removed.generations.empty() ? "no generation is removed; what booted before, or the "
                                           "new, boots: run the same command again to complete it"
                                         : "run the same command again to complete it");
    return kPartial;
}

Result<int> run_delete(const DeleteOptions& options, const Common& common) {
    const RunLock held = TRY(lock_machine(common.state, !options.no_wait).with_context("delete"));
    Workspace workspace = Workspace::for_machine(common);
    const MarkedGenerations marked =
        TRY(read_marked(common, workspace.digests()).with_context("delete"));
    DeleteChoice choice;
    if (options.numbers.empty()) {
        choice = choose_by_rule(options, marked);
    } else {
        choice = TRY(choose_named(options.numbers, marked).with_context("delete"));
    }
    for (const Skipped& one : choice.skipped) {
        complain(fmt::format("generation {} stays: {}", one.number, one.why));
    }
    for (const std::uint64_t number : choice.missing) {
        const Result<Generation> missing = generation_of(marked.generations, number);
        if (!missing) complain(missing.error().message());
    }
    if (options.dry_run) {
        TRY_VOID(tell(choice, choice.go, {}, true, common));
        return kDone;
    }
    if (choice.go.empty() && choice.missing.empty()) {
        TRY_VOID(tell(choice, {}, {}, false, common));
        return kDone;
    }
    return delete_chosen(choice, marked, workspace, common).with_context("delete");
}

}  // namespace

Command delete_command() {
    return {
        .name = "delete",
        .summary = "deletes generations: from the menu, then their files",
        .declare = [] -> Declared {
            auto options = std::make_shared<DeleteOptions>();
            return {
                .options = {{.names = {"N"},
                             .meaning = "The generations",
                             .target = &options->numbers,
                             .excludes = {{"--keep"}, {"--older-than"}}},
                            {.names = {"--keep"},
                             .value = "K",
                             .meaning = "Delete all but the K newest generations",
                             .target = &options->keep,
                             .excludes = {{"--older-than"}}},
                            {.names = {"--older-than"},
                             .value = "DAYS",
                             .meaning = "Delete all that were made DAYS days ago or earlier",
                             .target = &options->older_than},
                            {.names = {"--dry-run"},
                             .meaning = "Say what would be deleted, and end",
                             .target = &options->dry_run},
                            no_wait_option(options->no_wait)},
                .one_of = {"N", "--keep", "--older-than"},
                .run = [options](const Common& common) { return run_delete(*options, common); }};
        },
        .details = kDeleteDetails,
    };
}

}  // namespace cordwainer::cli
