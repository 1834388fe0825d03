#include "cli/status_next.h"

#include <algorithm>
#include <fmt/format.h>

#include "bootloaders/systemd_boot/config.h"
#include "cli/once.h"
#include "cli/reading.h"

namespace cordwainer::cli {
namespace {

// Makes the entry of a variable what boots, with the reason first.
void override_with(const std::string& entry,
                   const std::string& why,
                   const std::string& otherwise,
                   const Installed& installed,
                   NextBoot& next) {
    const std::optional<std::uint64_t> by_default = next.generation;
    const std::optional<GenerationId> id = once_generation(installed, entry);
    next.generation = id ? std::optional(id->number) : std::nullopt;
    // Why the default is what it is goes on, as what boots afterwards or otherwise.
    if (!next.why.empty()) {
        next.why.front() = fmt::format("{}{}: {}",
                                       otherwise,
                                       by_default ? fmt::format(" generation {}", *by_default) : "",
                                       next.why.front());
    }
    next.why.insert(
        next.why.begin(),
        next.generation ? why : why + fmt::format("; {} is no generation of this menu", entry));
}

// Why the installed default is what it is, compared with what the system means by now.
void explain_default(const Installed& installed, const Generations& generations, NextBoot& next) {
    const std::optional<GenerationId> by_default = default_of(installed);
    if (by_default) next.generation = by_default->number;
    const Generation* current = current_of(generations);
    if (installed.other_default) {
        next.why.emplace_back(
            !by_default       ? "the configuration made another entry of the menu the default"
            : installed.boots ? "the configuration made it the default"
                              : "no generation was the current one when the menu was made");
        next.behind = current && id_of(*current) != installed.boots;
        return;
    }
    if (!installed.boots) {
        next.why.emplace_back("no generation was installed as the default");
        return;
    }
    if (installed.kept == installed.boots) {
        const auto over = why_ended(installed.kept, installed, generations);
        next.why.push_back(
            fmt::format("`switch --boot-only` made it the default{}",
                        over ? ", which `cordwainer install` gives up: " + *over : ""));
        next.behind = over.has_value();
    } else if (current && id_of(*current) == *installed.boots) {
        next.why.emplace_back("it is the system's current generation");
    } else {
        next.why.push_back(
            current ? fmt::format("the menu was made with it as the default; the system's current "
                                  "generation is {}, which `cordwainer install` makes the default",
                                  current->number)
                    : std::string("the menu was made with it as the default"));
        next.behind = true;
    }
}

// A switch that did not end may have got as far as the menu.
void explain_switch(const Installed& installed, const Generations& generations, NextBoot& next) {
    const auto open = open_switch(installed, current_of(generations));
    if (!open || why_ended(open, installed, generations)) return;
    next.why.push_back(
        fmt::format("a `switch` to generation {0} did not end, which may boot already: "
                    "`cordwainer switch {0}` completes it",
                    open->number));
    next.behind = true;
}

}  // namespace

NextBoot next_boot(const Installed& installed,
                   const Generations& generations,
                   const LoaderChoice& choice) {
    NextBoot next;
    explain_default(installed, generations, next);
    explain_switch(installed, generations, next);
    const bool variables = installed.bootloader == systemd_boot::kName;
    if (variables && choice.by_default) {
        override_with(
            *choice.by_default,
            "the firmware's variable LoaderEntryDefault (`bootctl set-default`) overrides "
            "the menu",
            "the menu's own default is",
            installed,
            next);
    }
    if (choice.once) {
        override_with(*choice.once,
                      variables ? "for one boot, as the firmware's variable LoaderEntryOneShot says"
                                : "for one boot, as next_entry in GRUB's environment block says",
                      "after that",
                      installed,
                      next);
    }
    return next;
}

std::vector<std::string> lost_generations(const Installed& installed,
                                          const Generations& generations) {
    std::vector<std::string> lost;
    std::vector<std::uint64_t> gone;
    if (installed.bootloader == "none") return lost;  // there is no menu
    for (const GenerationId& id : installed.generations) {
        if (find_generation(generations, id)) continue;
        const auto skipped =
            std::ranges::find(generations.skipped, id.number, &SkippedGeneration::number);
        if (skipped == generations.skipped.end()) {
            gone.push_back(id.number);
        } else {
            lost.push_back(
                fmt::format("The menu offers generation {}, which cannot be read any "
                            "more: {}: {}.",
                            id.number,
                            skipped->path,
                            skipped->why));
        }
    }
    if (!gone.empty()) {
        lost.push_back(fmt::format("The menu offers what the system has no longer: generation {}.",
                                   fmt::join(gone, ", ")));
    }
    return lost;
}

RunningStatus running_status(const Installed& installed,
                             const Generations& generations,
                             const BootedKernel& booted) {
    RunningStatus status{.running = running_generation(generations, booted),
                         .bootable = std::nullopt,
                         .problem = {}};
    const auto number = status.running.certain();
    if (!number) return status;
    const auto generation = std::ranges::find(generations.list, *number, &Generation::number);
    if (generation == generations.list.end()) return status;
    const bool in_menu =
        std::ranges::find(installed.generations, id_of(*generation)) != installed.generations.end();
    if (!in_menu) {
        status.problem = "it is not in the installed menu";
    } else if (!generation->problems.empty()) {
        status.problem = generation->problems.front();
    }
    status.bootable = status.problem.empty();
    return status;
}

}  // namespace cordwainer::cli
