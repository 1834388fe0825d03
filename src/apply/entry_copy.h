// The copy of a firmware entry's program, where firmware looks without an entry: for a firmware
// that takes none.
#pragma once

#include <filesystem>

#include "apply/executor.h"
#include "apply/inventory.h"
#include "apply/survey.h"
#include "core/error.h"
#include "core/rel_path.h"
#include "model/plan.h"
#include "model/step.h"

namespace cordwainer {

// Refers to the plan.
struct EntryCopy {
    const RelPath& path;
    const RealisedSource& source;
    OwnedFile wanted;
    bool there = false;  // the copy is there, and is what it is to be
};

// unsupported where the plan has none; refused where a file is there that is not ours, or something
// else than a file. Writes nothing, and reads the file only where its stamp does not tell whose it
// is.
[[nodiscard]] Result<EntryCopy> copy_for(const FirmwareEntry& entry,
                                         const RealisedPlan& plan,
                                         FileRun& run,
                                         Trust trust);

// Makes the run keep the copy, or write it from `from` where it is not there.
void want_copy(FileRun& run, const EntryCopy& copy, std::filesystem::path from);

}  // namespace cordwainer
