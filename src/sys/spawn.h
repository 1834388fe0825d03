// Running other programs: the one place where cordwainer starts a process.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"

namespace cordwainer {

struct SpawnRequest {
    // The program first: a name to look up in PATH, or a path if it contains "/".
    std::vector<std::string> arguments;
    std::filesystem::path directory = {};                 // to run in; empty: the caller's
    std::map<std::string, std::string> environment = {};  // set in addition to the caller's
    std::optional<std::string> input = {};                // standard input; none: /dev/null
    std::filesystem::path output_file = {};  // standard output goes to this file, made or
                                             // truncated; empty: it is returned
    std::optional<std::chrono::milliseconds> timeout = {};  // then its process group is killed
    // The program talks to the user: standard input, output and error are the caller's, and
    // nothing is captured. It stays in the caller's process group, so that it has the terminal.
    bool interactive = false;
    // Called once the program runs, to talk to it by other means than its standard streams, which
    // are not read meanwhile; `running` says whether it still does. Where it fails, the program is
    // killed, and the error returned (or the program's own, where it had failed before).
    std::function<Result<void>(const std::function<bool()>& running)> meanwhile = {};
};

// What a program that succeeded has printed.
struct SpawnOutput {
    std::string output;  // standard output, where no output_file was given
    std::string errors;  // the last 4 KiB of standard error
};

// Runs a program to its end. It gets descriptors 0 to 2 and no others, default signal handling, and
// dies with the caller.
//
// not_found: there is no such program; the message names it. tool_failed: it exited with another
// status than 0, was killed by a signal, ran longer than `timeout` or printed more than 64 MiB;
// the message has the command's name and the end of its standard error. stopped(), where the caller
// is asked to stop (sys/interrupt.h): the program's process group is killed, an interactive one is
// given five seconds to end by SIGTERM.
[[nodiscard]] Result<SpawnOutput> spawn(const SpawnRequest& request);

// Where PATH has an executable file of this name; nothing where it has none. A name with "/" is
// itself, if it is executable.
[[nodiscard]] std::optional<std::filesystem::path> find_program(const std::string& name);

}  // namespace cordwainer
