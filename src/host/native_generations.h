// cordwainer's own generations: the directories `generations/N` of a state directory, each with
// boot.json (formats/boot_json.h) and the files that it names (host/profiles.h).
#pragma once

#include <string>

#include "core/error.h"
#include "host/boot_files.h"
#include "model/generation.h"
#include "sys/root.h"

namespace cordwainer {

// Names below a state directory and a generation's directory.
constexpr const char* kGenerationsDirectory = "generations";
constexpr const char* kBootJsonName = "boot.json";
constexpr const char* kCurrentName = "current";

// `state`: the state directory, inside the system.
[[nodiscard]] Result<Generations> read_native_generations(const Root& root,
                                                          const std::string& state,
                                                          BootFiles& files);

}  // namespace cordwainer
