// Runs one command as the program does, for tests of commands.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace cordwainer::test {

struct Ran {
    int status = 0;
    std::string output;
    std::string complaints;  // on standard error
    std::string error;       // the message of the error that the command returned
};

// `arguments`: the command's own options. A wrong command line is a failed test.
Ran run_command(const cli::Command& command,
                const std::vector<std::string>& arguments,
                const cli::Common& common);

}  // namespace cordwainer::test
