// The pipeline: read, plan, realise, apply, record. Commands differ only in where they stop.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apply/ports.h"
#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/workspace.h"
#include "core/error.h"
#include "image/build.h"
#include "image/layout.h"
#include "model/bootloader.h"
#include "model/generation.h"
#include "model/plan.h"
#include "model/target.h"
#include "sys/root.h"

namespace cordwainer::cli {

// What an image will be, with everything that was read to decide it.
struct ImagePlan {
    image::Layout layout;
    Configuration config;
    std::optional<Root> system;            // the tree of the layout's system, if it has one
    Generations generations;               // of that system
    std::optional<Bootloader> bootloader;  // none where the configuration says "none"
    std::vector<Target> targets;
    Plan plan;
    std::vector<std::string> warnings;  // what was read and left out; the plan has its own
};

// Reads the layout, its system's generations and the configuration, and plans. Writes nothing.
[[nodiscard]] Result<ImagePlan> plan_image(const std::string& layout_file,
                                           const Common& common,
                                           Workspace& workspace);

// Realises the plan and builds the image with it, a record of the current generation inside.
[[nodiscard]] Result<image::BuildReport> make_image(const ImagePlan& planned,
                                                    const image::BuildOptions& options,
                                                    Workspace& workspace,
                                                    Progress& progress);

}  // namespace cordwainer::cli
