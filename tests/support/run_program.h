// Runs the built program, for tests of what only the whole program does: exit statuses, streams.
#pragma once

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer::test {

struct ProgramRun {
    int status = -1;
    std::string output;
    std::string errors;
};

// Runs cordwainer with these arguments. `redirect` is shell text after the command, for other
// places of its streams (">/dev/full"); `environment` is set in addition.
inline ProgramRun run_program(const std::vector<std::string>& arguments,
                              const std::string& redirect = "",
                              const std::map<std::string, std::string>& environment = {}) {
    const auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
    ProgramRun run;
    if (!directory) {
        ADD_FAILURE() << directory.error().message();
        return run;
    }
    const std::string out = directory->path() / "out";
    const std::string err = directory->path() / "err";
    SpawnRequest request;
    request.arguments = {"sh",
                         "-c",
                         "\"$@\" >" + out + " 2>" + err + " " + redirect + "; echo $?",
                         "sh",
                         CORDWAINER_PROGRAM};
    request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
    request.environment = environment;
    const auto done = spawn(request);
    if (!done) {
        ADD_FAILURE() << done.error().message();
        return run;
    }
    run.status = std::stoi(done->output);
    run.output = read_text_file(out).value_or("");
    run.errors = read_text_file(err).value_or("");
    return run;
}

}  // namespace cordwainer::test
