// The end of the pipeline: the record of the current generation, and the objects that it needs.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "apply/installed.h"
#include "cli/config_file.h"
#include "core/error.h"
#include "model/contents.h"
#include "model/generation.h"
#include "model/plan.h"
#include "realise/object_store.h"

namespace cordwainer::cli {

// What is installed once a plan for these generations is: `targets` are the plan's.
template <class S>
[[nodiscard]] Installed installed_by(const BasicPlan<S>& plan,
                                     const Generations& generations,
                                     std::vector<PlannedTarget> targets) {
    Installed installed{.bootloader = plan.bootloader,
                        .boots = {},
                        .other_default = plan.other_default,
                        .targets = std::move(targets)};
    for (const Generation& generation : generations.list) {
        installed.generations.push_back(id_of(generation));
        if (generation.current) installed.boots = id_of(generation);
    }
    return installed;
}

// Where the state directory of a system is, inside it.
constexpr const char* kStateInside = "/var/lib/cordwainer";

// Records in STATE (`state`, on this machine) that `plan` was installed for the current generation;
// nothing where there is none. Every source that may change or go while the
// record needs it becomes an object. A record that is there already, word for word, is not written
// again. `durability` is that of the objects.
[[nodiscard]] Result<void> record_installation(const std::filesystem::path& state,
                                               ObjectStore::Durability durability,
                                               const Generations& generations,
                                               const Configuration& config,
                                               const RealisedPlan& plan,
                                               Contents& contents);

}  // namespace cordwainer::cli
