// The firmware's list of boot entries, and which of them start what cordwainer has installed. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/rel_path.h"
#include "formats/efi_load_option.h"
#include "host/firmware_list.h"
#include "model/plan.h"
#include "model/target.h"

namespace cordwainer::cli {

// An EFI program that is installed: its target and path, and where firmware finds it.
struct OwnedProgram {
    TargetId target;
    RelPath path;
    EfiProgram place;
};

// Those that are installed, as far as that is known.
struct OwnedPrograms {
    std::vector<OwnedProgram> programs;
    // Whether these are all: no target is away, or on something that firmware does not start from.
    bool all = true;
};

struct FirmwareEntryStatus {
    enum class Owner {
        ours,
        other,
        unknown,  // it names no program (a whole disk, a network), or one on a target that is away
    };

    std::uint16_t number = 0;
    std::string title;
    bool active = false;                   // whether it is tried when its turn comes
    std::optional<std::string> path = {};  // of its program, below the partition's root
    Owner owner = Owner::unknown;
    bool readable = true;  // false: of an unknown form; nothing but its number is known

    bool operator==(const FirmwareEntryStatus&) const = default;
};

// An entry that was installed and that the firmware would not try: it is not in its list, or not in
// the order of that.
struct MissingEntry {
    TargetId target;
    RelPath path;  // of its program, below the target
    // The copy of the program that was put where firmware looks without an entry, after all that
    // are in its order (UEFI 2.10, section 3.5.1.1); none where there is no such copy.
    std::optional<RelPath> copy = {};

    bool operator==(const MissingEntry&) const = default;
};

struct FirmwareStatus {
    std::vector<FirmwareEntryStatus> entries;  // by number, those included that cannot be read
    std::vector<std::uint16_t> order;
    std::optional<std::uint16_t> current;   // that has started the running system
    std::optional<std::uint16_t> next;      // that is started once, before the order
    std::vector<std::string> damaged = {};  // as FirmwareList
    std::vector<MissingEntry> missing = {};

    [[nodiscard]] bool is_damaged(const char* variable) const;

    // Null where the list has no entry of that number.
    [[nodiscard]] const FirmwareEntryStatus* entry(std::uint16_t number) const;

    // The first of the order that the firmware may start: an active one, or one that cannot be
    // read. Null where there is none.
    [[nodiscard]] const FirmwareEntryStatus* first() const;

    bool operator==(const FirmwareStatus&) const = default;
};

[[nodiscard]] FirmwareStatus firmware_status(const FirmwareList& list, const OwnedPrograms& owned);

// Those of the entries that `plan` has for the programs.
[[nodiscard]] std::vector<MissingEntry> missing_entries(const FirmwareList& list,
                                                        const OwnedPrograms& owned,
                                                        const RealisedPlan& plan);

}  // namespace cordwainer::cli
