// What installing would change on a live machine. A plan says what is to be there; this is the
// plan compared with the inventories, the states of the files that they own, and the boot sectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apply/executor.h"
#include "apply/installed.h"
#include "cli/foreseen.h"
#include "core/error.h"
#include "core/rel_path.h"
#include "model/contents.h"
#include "model/generation.h"
#include "model/plan.h"
#include "model/step.h"
#include "model/target.h"

namespace cordwainer::cli {

struct WrittenFile {
    // What is there now: a file that an earlier run wrote, or one that is not cordwainer's, as far
    // as its stamp tells.
    enum class Over { nothing, ours, other };

    RelPath path;
    std::optional<std::uint64_t> size;  // none: the file is still to be made
    Over over = Over::nothing;

    bool operator==(const WrittenFile&) const = default;
};

struct RemovedFile {
    RelPath path;
    std::uint64_t size = 0;

    bool operator==(const RemovedFile&) const = default;
};

// An entry that the firmware's list has not.
struct EntryChange {
    FirmwareEntry entry;
    // The copy that stands in for it, and goes once there is the entry. The firmware may have no
    // room for that, which is not seen before.
    std::optional<RemovedFile> copy = {};
};

struct TargetChanges {
    PlannedTarget target;
    bool reached = true;
    bool failing = false;  // it is there, and would be given up
    bool former = false;   // of an earlier installation only
    std::vector<WrittenFile> written;
    std::vector<RemovedFile> removed;
    std::uint64_t kept = 0;  // files that stay as they are
    // Something is to be noted or made durable though no file changes.
    bool noted = false;
    std::optional<SectorRange> boot_code;  // where a new core image goes
    std::vector<EntryChange> entries;      // those that may be made

    [[nodiscard]] bool any() const;
};

struct MenuEntry {
    GenerationId id;
    std::string label;  // empty where it is not known any more
};

struct MenuChanges {
    std::vector<MenuEntry> added;  // ascending
    std::vector<MenuEntry> gone;   // ascending
    std::uint64_t kept = 0;
    std::optional<GenerationId> default_before;
    std::optional<GenerationId> default_after;
};

struct PlanChanges {
    std::string bootloader_before;  // "" where nothing was installed that is known
    std::string bootloader_after;
    std::vector<TargetChanges> targets;
    MenuChanges menu;
    bool fits = true;  // else a warning says what is missing where
    // Something that is missing cannot be done; a warning says what, and why.
    bool lacking = false;
    std::vector<std::string> warnings;

    // Whether anything is to be done on a target.
    [[nodiscard]] bool any() const;
};

// What is compared.
struct PlanToCompare {
    const Plan& plan;
    const std::vector<PlannedTarget>& former;  // as in LivePlan
    const Generations& generations;
    const std::optional<Installed>& installed;
    MadeBy made_by;
};

// Runs no recipe, writes nothing, and reads no file but inventories and the firmware's variables;
// `contents` gives boot code that has been made. Errors as survey()'s; a volume that is too full is
// a warning, and so is a target that would be given up.
[[nodiscard]] Result<PlanChanges> compare_plan(const PlanToCompare& what,
                                               const Bindings& bindings,
                                               Contents& contents);

}  // namespace cordwainer::cli
