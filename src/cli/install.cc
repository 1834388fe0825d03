#include "cli/install.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/installing.h"
#include "cli/live.h"

namespace cordwainer::cli {
namespace {

struct InstallOptions {
    std::optional<std::uint64_t> generation;
    std::vector<std::string> forget;
    bool make_room = false;
    bool no_wait = false;
};

constexpr const char* kInstallDetails =
    R"(The configuration says which bootloader is installed and where; the menu gets all generations of the system, and the current one, or generation N, boots by default.

Everything that is new is written first, under names that nothing refers to; then what boots is switched, each place by one step that a power cut does not divide; then what is no longer needed is removed. Before the first byte it is known that everything fits: where it does not, nothing is changed, and the message says how much is missing where, and what deleting the oldest generations would free. Whenever a run is cut off, the machine boots the old menu or the new one, and running again completes it.

With --make-room as few of the oldest generations as it takes are listed and deleted, as `cordwainer delete` does it, and then it is installed. Those that run, boot by default, are the system's current one or are pinned stay; where all others are not enough nothing is deleted.

A place that an earlier configuration named, or another bootloader had, is cleared of what cordwainer owns there once the new menu is in its place. Where it is not there, nothing is removed anywhere until it is, or until it is given up with --forget.

With nothing to do nothing is written. Only one run works at a time; a second one says which process it waits for.

Where one of several EFI system partitions or disks is not there or fails, the others are served, the status is 3, and nothing that it may refer to is removed.

Example:

  cordwainer install)";

// The command to run again.
std::string again(const InstallOptions& options) {
    std::string command = "install";
    if (options.generation) command += " " + std::to_string(*options.generation);
    for (const std::string& place : options.forget) command += " --forget " + place;
    return command;
}

Result<int> run_install(const InstallOptions& options, const Common& common) {
    const RunLock held = TRY(lock_machine(common.state, !options.no_wait).with_context("install"));
    Workspace workspace = Workspace::for_machine(common);
    const auto plan = [&] {
        return plan_live(
            common, {.generation = options.generation, .forget = options.forget}, workspace);
    };
    const InstallEnd end = TRY(
        install_planned({.command = again(options), .make_room = options.make_room, .plan = plan},
                        common,
                        workspace));
    return end.status;
}

}  // namespace

Command install_command() {
    return {
        .name = "install",
        .summary = "makes this machine boot its generations",
        .declare = [] -> Declared {
            auto options = std::make_shared<InstallOptions>();
            return {
                .options = {{.names = {"N"},
                             .meaning = "The generation that boots by default",
                             .target = &options->generation},
                            {.names = {"--forget"},
                             .value = "PLACE",
                             .meaning = "Give up the target of an earlier installation that is "
                                        "named PLACE; may be given several times",
                             .target = &options->forget},
                            make_room_option(options->make_room),
                            no_wait_option(options->no_wait)},
                .run = [options](const Common& common) { return run_install(*options, common); }};
        },
        .details = kInstallDetails,
    };
}

}  // namespace cordwainer::cli
