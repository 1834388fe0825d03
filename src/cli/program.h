// The whole program: command line in, exit status out.
#pragma once

#include <string>
#include <vector>

namespace cordwainer::cli {

// Runs the command that `arguments` (without the program's name) name. Prints results to standard
// output and errors to standard error; with --json errors go to standard output as well, as
// {"format": "cordwainer-error/1", …}. Returns the exit status (cli/command.h).
[[nodiscard]] int run_program(const std::vector<std::string>& arguments);

}  // namespace cordwainer::cli
