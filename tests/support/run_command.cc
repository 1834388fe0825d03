#include "tests/support/run_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <gtest/gtest.h>

namespace cordwainer::test {

Ran run_command(const cli::Command& command,
                std::vector<std::string> arguments,
                const cli::Common& common) {
    CLI::App app;
    const cli::Run run = command.declare(app);
    std::ranges::reverse(arguments);  // as CLI11 takes them
    try {
        app.parse(arguments);
    } catch (const CLI::ParseError& error) {
        ADD_FAILURE() << error.what();
        return {.status = cli::kUsage, .output = {}, .complaints = {}, .error = error.what()};
    }
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const Result<int> status = run(common);
    Ran ran;
    ran.output = testing::internal::GetCapturedStdout();
    ran.complaints = testing::internal::GetCapturedStderr();
    ran.status = status ? *status : cli::kFailed;
    if (!status) ran.error = status.error().message();
    return ran;
}

}  // namespace cordwainer::test
