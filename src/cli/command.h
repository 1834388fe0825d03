// What a command is: a name, a line of help, options, and what runs it. One file per command:
// NAME.cc has a NAME.h that declares `Command NAME_command();`, which src/cli/commands.cc lists.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/option.h"
#include "core/error.h"

namespace cordwainer::cli {

// Exit statuses (docs/manual.md).
constexpr int kDone = 0;
constexpr int kFailed = 1;   // refused or failed, nothing changed
constexpr int kUsage = 2;    // the command line is wrong
constexpr int kPartial = 3;  // applied in part and recoverable; the message says how

// The options that every command has.
struct Common {
    bool json = false;
    std::string root = "/";  // work on the system mounted here
    std::string config;      // absolute; by default /etc/cordwainer/config.toml inside the root
    std::string state;       // absolute; by default /var/lib/cordwainer inside the root
    bool state_given = false;
    bool config_given = false;
};

// Runs a command whose options have been parsed; the exit status, or the error to print.
using Run = std::function<Result<int>(const Common&)>;

// What a command takes and does.
struct Declared {
    std::vector<Option> options = {};
    std::vector<std::string> one_of = {};  // of these, one at least has to be given
    // Keeps the targets of the options alive (shared_ptr).
    Run run;
};

struct Command {
    std::string name;     // "list"; "generation add" for a command below another
    std::string summary;  // one line
    std::function<Declared()> declare;
    // What --help and the manual page say after the options: paragraphs, separated by an empty
    // line; lines that begin with two blanks are shown as they stand (examples).
    std::string details = {};
};

}  // namespace cordwainer::cli
