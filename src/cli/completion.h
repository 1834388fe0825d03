// Completion of command lines in shells, made from what the commands declare.
#pragma once

#include <string>
#include <vector>

#include "cli/help.h"

namespace cordwainer::cli {

// A script for bash (bash(1), "Programmable Completion"), to be sourced or put into
// bash-completion's directory: completes commands, options, and values that are files, directories
// or one of a few words. `commands`: the page of each command.
[[nodiscard]] std::string render_bash_completion(const std::vector<HelpPage>& commands);

}  // namespace cordwainer::cli
