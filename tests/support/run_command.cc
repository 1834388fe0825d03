#include "tests/support/run_command.h"

#include <gtest/gtest.h>

#include "cli/command_line.h"

namespace cordwainer::test {

Ran run_command(const cli::Command& command,
                const std::vector<std::string>& arguments,
                const cli::Common& common) {
    const cli::Declared declared = command.declare();
    const cli::CommandLine line =
        cli::read_command_line(command.name, declared.options, declared.one_of, arguments);
    if (line.wrong) {
        ADD_FAILURE() << *line.wrong;
        return {.status = cli::kUsage, .output = {}, .complaints = {}, .error = *line.wrong};
    }
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const Result<int> status = declared.run(common);
    Ran ran;
    ran.output = testing::internal::GetCapturedStdout();
    ran.complaints = testing::internal::GetCapturedStderr();
    ran.status = status ? *status : cli::kFailed;
    if (!status) ran.error = status.error().message();
    return ran;
}

}  // namespace cordwainer::test
