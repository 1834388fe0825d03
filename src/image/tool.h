// Running the file-system tools: the same way on every machine, whatever the caller's environment.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "sys/spawn.h"

namespace cordwainer::image {

// A program to run, and the Debian package that has it, for the message where it is missing.
struct Tool {
    std::string name;
    std::string package;
};

struct ToolRun {
    std::vector<std::string> arguments = {};  // without the program
    std::filesystem::path directory = {};
    std::map<std::string, std::string> environment = {};
    std::optional<std::string> input = {};
    bool discard_output = false;
};

// Where the program is: in PATH, or where administrators' programs are, which the PATH of other
// users does not name. not_found, with the package to install.
[[nodiscard]] Result<std::filesystem::path> find_tool(const Tool& tool);

// Runs it to its end, in the locale C.UTF-8 and the time zone UTC. Errors as spawn's.
[[nodiscard]] Result<SpawnOutput> run_tool(const Tool& tool, const ToolRun& run);

}  // namespace cordwainer::image
