#include "cli/status_firmware.h"

#include <algorithm>
#include <variant>

namespace cordwainer::cli {
namespace {

bool starts(const LoadOption& option, const EfiProgram& program) {
    return option.program && option.program->partition.is(program.partition) &&
           same_efi_path(option.program->path, program.path);
}

FirmwareEntryStatus::Owner owner_of(const LoadOption& option, const OwnedPrograms& owned) {
    using Owner = FirmwareEntryStatus::Owner;
    if (!option.program) return Owner::unknown;
    const bool ours = std::ranges::any_of(
        owned.programs, [&](const OwnedProgram& program) { return starts(option, program.place); });
    if (ours) return Owner::ours;
    return owned.all ? Owner::other : Owner::unknown;
}

}  // namespace

bool FirmwareStatus::is_damaged(const char* variable) const {
    return std::ranges::find(damaged, variable) != damaged.end();
}

const FirmwareEntryStatus* FirmwareStatus::entry(std::uint16_t number) const {
    const auto found = std::ranges::find(entries, number, &FirmwareEntryStatus::number);
    return found == entries.end() ? nullptr : &*found;
}

const FirmwareEntryStatus* FirmwareStatus::first() const {
    for (const std::uint16_t number : order) {
        const FirmwareEntryStatus* const found = entry(number);
        if (found && (found->active || !found->readable)) return found;
    }
    return nullptr;
}

FirmwareStatus firmware_status(const FirmwareList& list, const OwnedPrograms& owned) {
    FirmwareStatus status{.entries = {},
                          .order = list.order,
                          .current = list.current,
                          .next = list.next,
                          .damaged = list.damaged};
    for (const BootEntry& entry : list.entries) {
        const auto& program = entry.option.program;
        status.entries.push_back({.number = entry.number,
                                  .title = entry.option.title,
                                  .active = entry.option.active,
                                  .path = program ? std::optional(program->path) : std::nullopt,
                                  .owner = owner_of(entry.option, owned)});
    }
    for (const std::uint16_t number : list.unreadable) {
        status.entries.push_back({.number = number, .title = {}, .readable = false});
    }
    std::ranges::sort(status.entries, {}, &FirmwareEntryStatus::number);
    return status;
}

std::vector<MissingEntry> missing_entries(const FirmwareList& list,
                                          const OwnedPrograms& owned,
                                          const RealisedPlan& plan) {
    const auto find = [&](const TargetId& target, const RelPath& path) {
        const auto found = std::ranges::find_if(owned.programs, [&](const OwnedProgram& program) {
            return program.target == target && program.path == path;
        });
        return found == owned.programs.end() ? nullptr : &*found;
    };
    std::vector<MissingEntry> missing;
    for (const RealisedStep& step : plan.steps) {
        const auto* wanted = std::get_if<FirmwareEntry>(&step);
        const OwnedProgram* program = wanted ? find(wanted->target, wanted->path) : nullptr;
        if (!program) continue;
        const bool listed = std::ranges::any_of(list.entries, [&](const BootEntry& entry) {
            return starts(entry.option, program->place) &&
                   std::ranges::count(list.order, entry.number) != 0;
        });
        if (listed) continue;
        const bool copied = wanted->fallback && find(wanted->target, *wanted->fallback);
        missing.push_back({.target = wanted->target,
                           .path = wanted->path,
                           .copy = copied ? wanted->fallback : std::nullopt});
    }
    return missing;
}

}  // namespace cordwainer::cli
