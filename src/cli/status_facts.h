// What `cordwainer status` says, as values. Collecting takes no lock and writes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/status_files.h"
#include "cli/status_firmware.h"
#include "cli/status_next.h"
#include "core/error.h"
#include "host/probe.h"
#include "model/plan.h"
#include "model/target.h"

namespace cordwainer::cli {

struct TargetStatus {
    enum class State {
        as_installed,
        damaged,     // files are missing or changed, or the boot code is another one
        unfinished,  // a run was cut off
        outdated,    // it missed the last run
        leftover,    // of an earlier installation: the next run clears it
        kept,        // a disk of an earlier installation: its boot code stays
        unreached,   // it is not there now
        unseen,      // it could not be looked at
    };

    PlannedTarget target;
    State state = State::as_installed;
    std::string why;        // of unreached and unseen, and of damage that is no file's
    FilesState files = {};  // of a file target that was looked at
    std::optional<std::uint64_t> free_bytes = {};

    bool operator==(const TargetStatus&) const = default;
};

struct MachineStatus {
    std::string bootloader;
    NextBoot next;
    std::optional<RunningStatus> running;    // none: this system does not run
    std::optional<FirmwareStatus> firmware;  // none: UEFI firmware did not start this machine
    std::vector<TargetStatus> targets;
    // Who changes the machine just now ("cordwainer, process 812"): what is told of it is that of a
    // moment, and no damage.
    std::optional<std::string> at_work;
    std::vector<std::string> problems;  // beyond the targets: what needs repair; whole sentences
    // Files of the system that the menu reads and that are not as they were; whole sentences.
    std::vector<std::string> lost_contents;
    std::vector<std::string> unseen;  // what could not be looked at; whole sentences
    // Whether some of that, or of a target, is only for root to see.
    bool forbidden = false;

    bool operator==(const MachineStatus&) const = default;
};

enum class Health { sound, needs_repair, unknown };

// `unknown` only where nothing is known to need repair, or a run is at work.
[[nodiscard]] Health health_of(const MachineStatus& status);

// Looks at what the state directory says was installed. not_found where nothing was.
[[nodiscard]] Result<MachineStatus> look_at_status(const Common& common,
                                                   const MachinePlaces& places = {});

}  // namespace cordwainer::cli
