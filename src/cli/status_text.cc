#include "cli/status_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "cli/former_targets.h"
#include "cli/output.h"

namespace cordwainer::cli {
namespace {

using State = TargetStatus::State;

// Of each target; more are counted.
constexpr std::size_t kShownFiles = 4;
// Of the firmware's order; more are counted.
constexpr std::size_t kShownEntries = 6;

const char* state_name(State state) {
    switch (state) {
        case State::as_installed:
            return "as_installed";
        case State::damaged:
            return "damaged";
        case State::unfinished:
            return "unfinished";
        case State::outdated:
            return "outdated";
        case State::leftover:
            return "leftover";
        case State::kept:
            return "kept";
        case State::unreached:
            return "unreached";
        case State::unseen:
            return "unseen";
    }
    return "";
}

std::string state_text(const TargetStatus& target) {
    switch (target.state) {
        case State::as_installed:
            return "as installed";
        case State::damaged:
            return target.why.empty() ? "damaged" : "damaged: " + target.why;
        case State::unfinished:
            return "left by a run that was cut off";
        case State::outdated:
            return "missed the last run";
        case State::leftover:
            return "of an earlier installation, to be cleared";
        case State::kept:
            return "of an earlier installation, left as it is";
        case State::unreached:
            return "is not there: " + target.why;
        case State::unseen:
            return "could not be looked at: " + target.why;
    }
    return "";
}

// What a changed file means, where it is not the obvious.
std::string meaning_of(const MachineStatus& status,
                       const TargetStatus& target,
                       const Damage& damage) {
    const bool handover = status.bootloader == "grub" && target.target.spec.tag == "files" &&
                          damage.path.text() == "grub.cfg";
    if (!handover || damage.kind != Damage::Kind::changed) return "";
    return " by somebody else; the GRUB that cordwainer installed does not read it, others do";
}

std::string space_text(const TargetStatus& target) {
    if (target.files.files == 0) return "";
    std::string text =
        fmt::format(", {} files, {}", target.files.files, human_size(target.files.bytes));
    if (target.free_bytes) text += fmt::format(", {} free", human_size(*target.free_bytes));
    return text;
}

std::string target_text(const MachineStatus& status, const TargetStatus& target) {
    std::string text = fmt::format("  {} ({}): {}{}\n",
                                   target.target.id.text,
                                   printable(name_of(target.target.spec)),
                                   printable(state_text(target)),
                                   space_text(target));
    const auto& damage = target.files.damage;
    for (std::size_t i = 0; i < std::min(damage.size(), kShownFiles); ++i) {
        text += fmt::format("    {}: {}{}\n",
                            printable(damage[i].path.text()),
                            kind_name(damage[i].kind),
                            meaning_of(status, target, damage[i]));
    }
    if (damage.size() > kShownFiles)
        text += fmt::format("    and {} more\n", damage.size() - kShownFiles);
    for (const std::string& warning : target.files.warnings) {
        text += fmt::format("    {}\n", printable(warning));
    }
    return text;
}

std::string next_text(const MachineStatus& status) {
    if (status.bootloader == "none") {
        std::string text =
            "Boots next: what the bootloader says that somebody else installed "
            "(bootloader = \"none\")\n";
        if (status.next.generation)
            text += fmt::format("  generation {} was recorded last\n", *status.next.generation);
        return text;
    }
    std::string text = status.next.generation
                           ? fmt::format("Boots next: generation {}", *status.next.generation)
                           : std::string("Boots next: not known");
    text += fmt::format(", through {}\n", status.bootloader);
    for (const std::string& why : status.next.why) text += fmt::format("  {}\n", printable(why));
    return text;
}

std::string running_text(const std::optional<RunningStatus>& running) {
    if (!running) return "";
    const auto certain = running->running.certain();
    if (!certain) {
        const std::string& why = running->running.why;
        return fmt::format("Runs now: not known{}{}\n", why.empty() ? "" : ": ", printable(why));
    }
    if (!running->bootable) return fmt::format("Runs now: generation {}\n", *certain);
    return fmt::format("Runs now: generation {}, which {}\n",
                       *certain,
                       *running->bootable
                           ? "could be booted again"
                           : "could not be booted again: " + printable(running->problem));
}

std::string entry_text(const FirmwareStatus& firmware, std::uint16_t number) {
    const FirmwareEntryStatus* const entry = firmware.entry(number);
    const std::string name = fmt::format("Boot{:04X}", number);
    if (entry && !entry->readable) return name + " (unreadable)";
    return entry ? fmt::format("{} \"{}\"", name, printable(entry->title)) : name;
}

// What the firmware starts, and whether that is cordwainer's.
std::string first_text(const FirmwareStatus& firmware) {
    using Owner = FirmwareEntryStatus::Owner;
    const FirmwareEntryStatus* const first = firmware.first();
    if (firmware.is_damaged("BootOrder"))
        return "what it starts is not known, since the order of its list is damaged (BootOrder); "
               "`efibootmgr -o` sets it";
    if (!first) return "no entry of its list is active";
    std::string text = entry_text(firmware, first->number) + " is first";
    if (first->owner == Owner::ours) return text + ", and starts what is installed here";
    if (first->owner == Owner::unknown && first->readable) return text;
    text += first->readable ? ", and is not cordwainer's"
                            : ", and what it starts, if anything, is not known";
    const auto ours = std::ranges::find_if(firmware.order, [&](std::uint16_t number) {
        const FirmwareEntryStatus* const entry = firmware.entry(number);
        return entry && entry->active && entry->owner == Owner::ours;
    });
    if (ours == firmware.order.end()) return text;
    return text +
           fmt::format("; {} is{}: the firmware's setup, or `efibootmgr -o`, puts it in front",
                       entry_text(firmware, *ours),
                       first->readable ? "" : " cordwainer's");
}

std::string missing_text(const MissingEntry& missing) {
    const std::string text = fmt::format("  its order has none for {} on target {}",
                                         printable(missing.path.text()),
                                         missing.target.text);
    if (!missing.copy) return text + "\n";
    return text + fmt::format(
                      ": only its copy {} starts it, where firmware looks after all that "
                      "are in the order\n",
                      printable(missing.copy->text()));
}

std::string firmware_text(const std::optional<FirmwareStatus>& firmware) {
    if (!firmware) return "";
    std::string text = "Firmware: " + first_text(*firmware) + "\n";
    for (const MissingEntry& missing : firmware->missing) text += missing_text(missing);
    if (firmware->next) {
        text += fmt::format("  once, at the next start: {} (BootNext)\n",
                            entry_text(*firmware, *firmware->next));
    }
    if (firmware->is_damaged("BootNext"))
        text +=
            "  what it starts once, at the next start, is not known, since BootNext is damaged; "
            "`efibootmgr -N` removes it\n";
    if (firmware->current) {
        text += fmt::format("  started by {}\n", entry_text(*firmware, *firmware->current));
    }
    if (firmware->order.empty()) return text;
    std::vector<std::string> order;
    for (std::size_t i = 0; i < std::min(firmware->order.size(), kShownEntries); ++i) {
        order.push_back(entry_text(*firmware, firmware->order[i]));
    }
    if (firmware->order.size() > kShownEntries)
        order.push_back(fmt::format("{} more", firmware->order.size() - kShownEntries));
    return text + fmt::format("  order: {}\n", fmt::join(order, ", "));
}

// Whether nothing needs repair but the firmware's list.
bool lacks_only_entries(MachineStatus status) {
    if (!status.firmware || status.firmware->missing.empty()) return false;
    status.firmware->missing.clear();
    return health_of(status) != Health::needs_repair;
}

// Whether nothing needs repair but what the system has lost.
bool lacks_only_contents(MachineStatus status) {
    if (status.lost_contents.empty()) return false;
    status.lost_contents.clear();
    return health_of(status) != Health::needs_repair;
}

// What to do, or that nothing is to be done.
std::string verdict_text(const MachineStatus& status) {
    if (status.at_work)
        return fmt::format("At work just now: {}; what is told here is that of a moment.\n",
                           printable(*status.at_work));
    switch (health_of(status)) {
        case Health::sound:
            return status.next.behind ? "Everything is as it was installed; `cordwainer install` "
                                        "would bring it up "
                                        "to date.\n"
                                      : "Everything is as it was installed.\n";
        case Health::unknown:
            return status.forbidden
                       ? "What could be seen is as it was installed; root sees the rest.\n"
                       : "What could be seen is as it was installed.\n";
        case Health::needs_repair:
            break;
    }
    if (lacks_only_entries(status)) {
        return "`cordwainer install` makes the firmware's entry, or says why the firmware takes "
               "none.\n";
    }
    if (lacks_only_contents(status)) {
        return "Once that is restored, nothing needs repair; `cordwainer install` makes a menu of "
               "what is there now.\n";
    }
    const auto has = [&](State state) {
        return std::ranges::find(status.targets, state, &TargetStatus::state) !=
               status.targets.end();
    };
    if (has(State::damaged)) return "`cordwainer verify --repair` writes again what is damaged.\n";
    if (!has(State::leftover) || !has(State::kept)) return "`cordwainer install` puts it right.\n";
    // What the boot code of a former disk may need is not cleared before that is given up.
    std::string forget;
    for (const TargetStatus& target : status.targets) {
        if (target.state == State::kept)
            forget += " --forget " + printable(name_of(target.target.spec));
    }
    return fmt::format("`cordwainer install{}` clears what is left of the earlier installation.\n",
                       forget);
}

Json numbers(const std::vector<std::uint64_t>& all) {
    Json list = Json::array();
    for (const std::uint64_t number : all) list.push_back(number);
    return list;
}

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json();
}

Json target_json(const TargetStatus& target) {
    Json damage = Json::array();
    for (const Damage& found : target.files.damage) {
        damage.push_back({{"path", found.path.text()}, {"kind", kind_name(found.kind)}});
    }
    return {{"target", target.target.id.text},
            {"place", name_of(target.target.spec)},
            {"state", state_name(target.state)},
            {"why", target.why},
            {"files", target.files.files},
            {"bytes", target.files.bytes},
            {"free_bytes", or_null(target.free_bytes)},
            {"outdated", target.files.outdated},
            {"damage", damage},
            {"warnings", target.files.warnings}};
}

const char* owner_name(FirmwareEntryStatus::Owner owner) {
    using Owner = FirmwareEntryStatus::Owner;
    switch (owner) {
        case Owner::ours:
            return "ours";
        case Owner::other:
            return "other";
        case Owner::unknown:
            return "unknown";
    }
    return "";
}

Json firmware_json(const FirmwareStatus& firmware) {
    Json entries = Json::array();
    for (const FirmwareEntryStatus& entry : firmware.entries) {
        entries.push_back({{"number", entry.number},
                           {"title", entry.title},
                           {"readable", entry.readable},
                           {"active", entry.active},
                           {"path", or_null(entry.path)},
                           {"owner", owner_name(entry.owner)}});
    }
    Json missing = Json::array();
    for (const MissingEntry& entry : firmware.missing) {
        missing.push_back({{"target", entry.target.text},
                           {"path", entry.path.text()},
                           {"copy", entry.copy ? Json(entry.copy->text()) : Json()}});
    }
    const FirmwareEntryStatus* const first = firmware.first();
    return {{"first", first ? Json(first->number) : Json()},
            {"next", or_null(firmware.next)},
            {"current", or_null(firmware.current)},
            {"damaged", firmware.damaged},
            {"missing", missing},
            {"order", firmware.order},
            {"entries", entries}};
}

const char* health_name(Health health) {
    switch (health) {
        case Health::sound:
            return "sound";
        case Health::needs_repair:
            return "needs_repair";
        case Health::unknown:
            return "unknown";
    }
    return "";
}

}  // namespace

std::string status_text(const MachineStatus& status) {
    std::string text = next_text(status) + running_text(status.running) +
                       firmware_text(status.firmware) + "Targets:\n";
    for (const TargetStatus& target : status.targets) text += target_text(status, target);
    for (const auto* problems : {&status.problems, &status.lost_contents}) {
        for (const std::string& problem : *problems) text += printable(problem) + "\n";
    }
    for (const std::string& sentence : status.unseen) {
        text += "Could not be looked at: " + printable(sentence) + "\n";
    }
    return text + verdict_text(status);
}

Json status_json(const MachineStatus& status) {
    Json running;
    if (status.running) {
        running = {{"generations", numbers(status.running->running.numbers)},
                   {"why", status.running->running.why},
                   {"bootable", or_null(status.running->bootable)},
                   {"problem", status.running->problem}};
    }
    std::vector<std::string> problems = status.problems;
    std::ranges::copy(status.lost_contents, std::back_inserter(problems));
    Json targets = Json::array();
    for (const TargetStatus& target : status.targets) targets.push_back(target_json(target));
    return {{"format", "cordwainer-status/1"},
            {"health", health_name(health_of(status))},
            {"bootloader", status.bootloader},
            {"next",
             {{"generation", or_null(status.next.generation)},
              {"why", status.next.why},
              {"behind", status.next.behind}}},
            {"running", running},
            {"firmware", status.firmware ? firmware_json(*status.firmware) : Json()},
            {"targets", targets},
            {"at_work", or_null(status.at_work)},
            {"problems", problems},
            {"unseen", status.unseen}};
}

}  // namespace cordwainer::cli
