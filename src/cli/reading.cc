#include "cli/reading.h"

#include <algorithm>
#include <fmt/format.h>

namespace cordwainer::cli {

std::optional<Bootloader> bootloader_named(const std::vector<Bootloader>& all,
                                           const std::string& name) {
    const auto found = std::ranges::find(all, name, &Bootloader::name);
    return found == all.end() ? std::nullopt : std::optional(*found);
}

const Generation* current_of(const Generations& generations) {
    const auto current = std::ranges::find(generations.list, true, &Generation::current);
    return current == generations.list.end() ? nullptr : &*current;
}

Result<Generation> generation_of(const Generations& generations, std::uint64_t number) {
    const auto found = std::ranges::find(generations.list, number, &Generation::number);
    if (found != generations.list.end()) return *found;
    const auto skipped = std::ranges::find(generations.skipped, number, &SkippedGeneration::number);
    if (skipped != generations.skipped.end()) {
        return Error(
            Errc::not_found,
            fmt::format(
                "generation {} cannot be read: {}: {}", number, skipped->path, skipped->why));
    }
    return Error(Errc::not_found,
                 fmt::format("there is no generation {} (`cordwainer list` shows them)", number));
}

std::vector<std::string> warnings_about(const Generations& generations) {
    std::vector<std::string> warnings;
    for (const SkippedGeneration& skipped : generations.skipped) {
        warnings.push_back(fmt::format("{} is left out: {}", skipped.path, skipped.why));
    }
    for (const Generation& generation : generations.list) {
        for (const std::string& problem : generation.problems) {
            warnings.push_back(fmt::format("generation {}: {}", generation.number, problem));
        }
    }
    if (generations.list.empty()) warnings.emplace_back("the system has no generations");
    return warnings;
}

std::string restore_advice(std::string_view path) {
    std::string advice = "it is the system's to restore";
    if (path.starts_with("/gnu/store/")) return advice + " (`guix gc --verify=contents,repair`)";
    if (path.starts_with("/nix/store/"))
        return advice + " (`nix-store --verify --check-contents --repair`)";
    return advice;
}

}  // namespace cordwainer::cli
