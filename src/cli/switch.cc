#include "cli/switch.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apply/record.h"
#include "bootloaders/registry.h"
#include "cli/generations_request.h"
#include "cli/installing.h"
#include "cli/live.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "cli/replay.h"
#include "cli/switch_once.h"
#include "host/profiles.h"
#include "host/record_files.h"

namespace cordwainer::cli {
namespace {

struct SwitchOptions {
    std::optional<std::uint64_t> generation;
    bool previous = false;
    bool boot_only = false;
    bool once = false;
    bool make_room = false;
    bool no_wait = false;
};

constexpr const char* kSwitchDetails =
    R"(Generation N boots from the next start on, with the bootloader and the configuration that it was installed with; the menu has all generations that there are today. What another bootloader owned is removed once the new one is in its place.

A generation that was never installed has no record: then its own etc/cordwainer/config.toml counts, or the system's. Where the recorded bootloader cannot be planned any more, what was recorded is installed again as it was, if all of it is still there; otherwise nothing is changed, and what is missing is named.

With --once generation N boots one time, and what boots by default now does so again afterwards: neither the default nor the system's profile nor the menu is changed, so N must be in it. GRUB takes note of that in a file, which it must be able to write: not on btrfs, nor in LUKS, nor on a logical volume or RAID. systemd-boot has a variable of the firmware for it. A later `install` keeps the request while the menu has N; a `switch` without --once ends it, and whatever else was asked to boot once.

Where there is no room, nothing is changed, and the message says what deleting the oldest generations would free; --make-room does it, as `cordwainer install` does.

The system's profile link is moved too, so that the next `cordwainer install` keeps the choice. With --boot-only it stays where it is, and later runs keep the choice until the next switch or until there is a newer generation.

Examples:

  cordwainer switch 41
  cordwainer switch --once 41
  cordwainer switch --previous)";

// What a switch goes to, and what was found on the way.
struct SwitchChoice {
    Root system;
    GenerationsRequest generations;
    Generation generation;
    std::optional<Record> record;  // that applies to the generation
};

// The newest generation before the one that boots by default now.
Result<std::uint64_t> previous_number(const Common& common, const Generations& generations) {
    const std::optional<Installed> installed = TRY(read_installed(common.state));
    std::optional<std::uint64_t> boots;
    if (const Generation* current = current_of(generations)) boots = current->number;
    const auto by_default = installed ? default_of(*installed) : std::nullopt;
    if (by_default) boots = by_default->number;
    if (!boots) return Error(Errc::not_found, "no generation boots by default; name one");
    const auto before = std::ranges::find_if(
        generations.list.rbegin(), generations.list.rend(), [&](const Generation& generation) {
            return generation.number < *boots;
        });
    if (before != generations.list.rend()) return before->number;
    return Error(Errc::not_found,
                 "there is no generation before " + std::to_string(*boots) +
                     ", which boots by default (`cordwainer list` shows all)");
}

// The record of the generation, where it is this one's: numbers are used again.
std::optional<Record> record_of(const Common& common, const Generation& generation) {
    Result<std::optional<Record>> record = read_record(common.state, generation.number);
    const std::string name = "the record of generation " + std::to_string(generation.number);
    if (!record) {
        warn({name + " is damaged and not used: " + record.error().message()});
        return std::nullopt;
    }
    if (!*record) return std::nullopt;
    if ((*record)->identity != generation.identity) {
        warn({name + " is that of an earlier generation of this number, and is not used"});
        return std::nullopt;
    }
    return *std::move(record);
}

Result<SwitchChoice> choose(const SwitchOptions& options,
                            const Common& common,
                            Workspace& workspace) {
    const GenerationsConfig config = TRY(load_generations_config(common));
    Root system = TRY(Root::open(common.root));
    GenerationsRequest request = generations_request(system, common, config);
    const Generations generations = TRY(read_generations(system, request, workspace.digests()));
    std::uint64_t number = 0;
    if (options.generation) {
        number = *options.generation;
    } else {
        number = TRY(previous_number(common, generations));
    }
    Generation generation = TRY(generation_of(generations, number));
    auto record = record_of(common, generation);
    return SwitchChoice{.system = std::move(system),
                        .generations = std::move(request),
                        .generation = std::move(generation),
                        .record = std::move(record)};
}

// The configuration to plan with: the recorded one, else the generation's own, else none, which
// stands for the system's.
Result<std::optional<Configuration>> config_of(const SwitchChoice& choice,
                                               const std::vector<Bootloader>& bootloaders) {
    const std::string number = std::to_string(choice.generation.number);
    if (choice.record) {
        Configuration config =
            TRY(read_config(choice.record->configuration,
                            "the configuration in the record of generation " + number,
                            bootloaders));
        return config;
    }
    const std::string directory =
        TRY(generation_directory(choice.system, choice.generations, choice.generation.number));
    const std::string path = directory + kConfigPath;
    const Result<std::string> text = choice.system.read(path);
    if (!text && text.error().code == Errc::not_found) return std::nullopt;
    if (!text) return text.error();
    Configuration config = TRY(read_config(*text, choice.system.outside(path), bootloaders));
    return config;
}

Result<LivePlan> plan_switch(const SwitchChoice& choice,
                             LiveRequest request,
                             const Common& common,
                             const std::vector<Bootloader>& bootloaders,
                             Workspace& workspace) {
    request.config = TRY(config_of(choice, bootloaders));
    return plan_live(common, request, workspace);
}

// The recorded plan as it was, where all of it is still there.
Result<LivePlan> plan_replay(const Record& record,
                             LiveRequest request,
                             const SwitchChoice& choice,
                             const Common& common,
                             Workspace& workspace) {
    request.config = Configuration{.bootloader = record.bootloader, .text = record.configuration};
    request.config->generations = {.source = choice.generations.source,
                                   .profile = choice.generations.profile};
    LivePlan rebound = TRY(rebind_live(common, request, record, workspace));
    TRY_VOID(check_replay(
        record, rebound, common.state, workspace.digests(), workspace.machine_digests()));
    return rebound;
}

// The configuration comes before what the user says now: it may be the only one to know why.
void tell_of_default(std::uint64_t number, LivePlan& planned) {
    if (!planned.plan.other_default || planned.plan.other_default->generation == number) return;
    const auto& other = planned.plan.other_default->generation;
    planned.warnings.push_back(
        "generation " + std::to_string(number) +
        " does not boot by default: the configuration that is used makes " +
        (other ? "generation " + std::to_string(*other) : "another entry of the menu") +
        " the default");
}

// The link tells the default from now on.
Result<void> note_end(const std::filesystem::path& state) {
    std::optional<Installed> installed = TRY(read_installed(state));
    if (!installed || !installed->switching) return {};
    installed->switching.reset();
    return write_installed(state, *installed);
}

// Moves the profile's link, after what boots.
int follow(const SwitchChoice& choice, const SwitchOptions& options, const Common& common) {
    if (options.boot_only || choice.generation.current) return kDone;
    const std::string name = "generation " + std::to_string(choice.generation.number);
    const Result<void> moved =
        move_current(choice.system, choice.generations, choice.generation.number);
    if (!moved) {
        complain(name +
                 " boots by default, but it is not the system's current one; it stays the default "
                 "until there is a newer generation: " +
                 moved.error().message());
        return kPartial;
    }
    const Result<void> noted = note_end(common.state);
    if (noted) return kDone;
    complain(name + " boots by default and is the system's current one, but that is not noted: " +
             noted.error().message());
    return kPartial;
}

// What was recorded, since it cannot be planned any more: `why`.
Result<LivePlan> plan_again(const SwitchChoice& choice,
                            const LiveRequest& request,
                            const std::string& name,
                            const std::string& why,
                            const Common& common,
                            Workspace& workspace) {
    Result<LivePlan> planned = plan_replay(*choice.record, request, choice, common, workspace);
    if (!planned) {
        return Error(Errc::refused,
                     "it cannot be planned any more (" + why +
                         "), nor installed as it was recorded: " + planned.error().message() +
                         "\nnothing was changed");
    }
    planned->warnings.push_back(name + " installs what was recorded, with the menu of then, " +
                                "since it cannot be planned any more: " + why);
    return planned;
}

Result<int> run_switch(const SwitchOptions& options, const Common& common) {
    const RunLock held = TRY(lock_machine(common.state, !options.no_wait).with_context("switch"));
    const std::vector<Bootloader> bootloaders = all_bootloaders();
    Workspace workspace = Workspace::for_machine(common);
    const SwitchChoice choice = TRY(choose(options, common, workspace).with_context("switch"));
    const std::uint64_t number = choice.generation.number;
    if (options.once) {
        return switch_once(choice.system, choice.generation, common)
            .with_context("switch --once " + std::to_string(number));
    }
    const std::string name =
        "switch " + std::to_string(number) + (options.boot_only ? " --boot-only" : "");
    const LiveRequest request{
        .generation = number, .keep = options.boot_only, .switches = true, .ends_once = true};

    const auto plan = [&]() -> Result<LivePlan> {
        Result<LivePlan> planned = plan_switch(choice, request, common, bootloaders, workspace);
        if (!planned && choice.record) {
            const std::string why = planned.error().message();
            planned = plan_again(choice, request, name, why, common, workspace);
        }
        if (planned) tell_of_default(number, *planned);
        return planned;
    };
    const InstallEnd end = TRY(install_planned(
        {.command = name, .make_room = options.make_room, .plan = plan}, common, workspace));
    return end.installed ? std::max(end.status, follow(choice, options, common)) : end.status;
}

}  // namespace

Command switch_command() {
    return {
        .name = "switch",
        .summary = "makes another generation boot by default",
        .declare = [] -> Declared {
            auto options = std::make_shared<SwitchOptions>();
            Option make_room = make_room_option(options->make_room);
            make_room.excludes = {{"--once"}};
            return {
                .options = {{.names = {"N"},
                             .meaning = "The generation",
                             .target = &options->generation,
                             .excludes = {{"--previous"}}},
                            {.names = {"--previous"},
                             .meaning = "The one before that which boots by default now",
                             .target = &options->previous},
                            {.names = {"--boot-only"},
                             .meaning = "Leave the system's profile as it is",
                             .target = &options->boot_only},
                            {.names = {"--once"},
                             .meaning = "Boot it one time, then the default again",
                             .target = &options->once,
                             .excludes = {{"--boot-only"}}},
                            std::move(make_room),
                            no_wait_option(options->no_wait)},
                .one_of = {"N", "--previous"},
                .run = [options](const Common& common) { return run_switch(*options, common); }};
        },
        .details = kSwitchDetails,
    };
}

}  // namespace cordwainer::cli
