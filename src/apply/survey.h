// The survey: what applying a plan would write and remove on the file targets that are bound,
// decided before the first byte is written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apply/executor.h"
#include "apply/inventory.h"
#include "apply/ports.h"
#include "core/error.h"
#include "model/plan.h"

namespace cordwainer {

// A file that a step writes.
struct FileStep {
    const RelPath& path;
    const RealisedSource& source;
    bool commit = false;    // of a ReplaceFile
    bool provided = false;  // of a ProvideFile
};

// The file of a step; nothing for steps of other kinds.
[[nodiscard]] std::optional<FileStep> file_step(const RealisedStep& step);

// The step that writes the program which the entry starts; nothing where the plan has none.
[[nodiscard]] std::optional<FileStep> program_of(const FirmwareEntry& entry,
                                                 const RealisedPlan& plan);

// One bound file target while a plan is applied. Refers to the plan and the bindings.
struct FileRun {
    const PlannedTarget& planned;
    FileTarget& port;
    Inventory before = {};                                   // as it was found
    Inventory after = {};                                    // as it is to be
    std::map<RelPath, std::filesystem::path> to_write = {};  // with where the bytes are
    std::vector<RelPath> to_remove = {};
    // Programs that may have to be put where firmware looks without an entry, with their sizes:
    // those for which it has none yet.
    std::map<RelPath, std::uint64_t> copies = {};
    // Has files of a run that was cut, which are whole, but perhaps not durable.
    bool unsettled = false;

    [[nodiscard]] const RelPath& own() const { return *planned.own; }

    [[nodiscard]] bool is_inside_own(const RelPath& path) const {
        return path.text().starts_with(own().text() + "/");
    }

    // Whether anything is to be done here.
    [[nodiscard]] bool dirty() const;
};

struct Survey {
    std::map<TargetId, FileRun> files;  // the bound ones
    std::vector<std::string> warnings;
};

// Asked when the medium of a target fails. Without an error the work goes on as if the target were
// not bound; else it ends with that.
using TargetFailed = std::function<Result<void>(const TargetId&, const Error&)>;

// Ends it always.
[[nodiscard]] Result<void> ends_all(const TargetId& target, const Error& error);

// Takes a target out, as if it were not bound: what was to be removed from the others is kept.
void leave_out(Survey& survey, const TargetId& target);

// The stamp of the file at `path`, where an earlier run wrote it with the wanted content and it is
// still that; nothing where it is to be written.
[[nodiscard]] Result<std::optional<std::string>> present(FileRun& run,
                                                         const RelPath& path,
                                                         const OwnedFile& wanted,
                                                         Trust trust);

// Whether a file that the inventory has, or that is gone, may be removed or replaced. Everything
// below the target's own directory is ours. A name that others use too is ours while it holds what
// we gave it, which is found by reading it.
[[nodiscard]] Result<bool> still_ours(FileRun& run, const RelPath& path);

// Loads the inventories and compares them, and what is on the targets, with the plan. A file that
// an inventory has with the wanted digest is not read, unless its stamp differs or it was pending.
// What the old inventories have and the plan does not is removed, or, while a target of the plan is
// not bound, kept. With Trust::contents every file is read, and one that is damaged is written.
//
// Fails where a step's bytes cannot be found, boot code does not fit its place, a file target has
// no directory of its own, or something else is where a file is to be written.
[[nodiscard]] Result<Survey> survey(const RealisedPlan& plan,
                                    const Bindings& bindings,
                                    Contents& contents,
                                    Trust trust = Trust::stamps,
                                    const TargetFailed& failed = ends_all);

// Whether a file may be the one that was written, as far as its size and stamp tell.
[[nodiscard]] bool as_written(const OwnedFile& file, const FileState& state);

// Adds what `inventory` does not have yet.
void add_references(Inventory& inventory, const std::vector<Reference>& more);

}  // namespace cordwainer
