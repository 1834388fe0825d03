// Makes a native generation (host/native_generations.h): copies its files in, describes them in
// boot.json, and lets `current` name it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "model/generation.h"
#include "sys/root.h"

namespace cordwainer {

// Files are on the machine that runs cordwainer, not inside the root.
struct NewGeneration {
    struct Module {
        std::filesystem::path file;
        std::vector<std::string> arguments;
    };

    // none: "Linux VERSION" with the kernel's version, or the kernel's file name where it has none.
    std::optional<std::string> label;
    std::filesystem::path kernel;
    std::vector<std::filesystem::path> initrds;
    std::string command_line;
    std::vector<Module> modules;
    std::optional<std::filesystem::path> device_tree;
    std::int64_t created = 0;  // seconds since 1970-01-01 UTC
    Store store;
    bool make_current = true;  // else `current` names the generation that it named before
};

struct AddedGeneration {
    std::uint64_t number = 0;
    std::string path;  // its directory, inside the system
};

// Adds the next generation: its number is one more than the highest that any entry of the directory
// has, readable or not. `state`: the state directory, inside the system; it is made.
//
// Each file is read once, into a directory beside the others that gets its number, by a rename,
// when everything in it is durable; then `current` is exchanged. Adding at the same time from
// several processes is safe. On failure nothing is left behind. A killed process leaves a directory
// ".new-…" that the next call removes.
//
// not_found or io for a file that cannot be opened, invalid_input for one that is not regular and
// for text that boot.json cannot keep; the message names it.
[[nodiscard]] Result<AddedGeneration> add_generation(const Root& root,
                                                     const std::string& state,
                                                     const NewGeneration& added);

}  // namespace cordwainer
