#include <csignal>
#include <string>
#include <vector>

#include "cli/program.h"
#include "sys/interrupt.h"

int main(int argc, char** argv) {
    // A closed pipe shall be an error of the write, which is reported like any other.
    std::signal(SIGPIPE, SIG_IGN);
    cordwainer::stop_on_signals();
    std::vector<std::string> arguments(argv, argv + argc);
    if (!arguments.empty()) arguments.erase(arguments.begin());
    return cordwainer::cli::run_program(arguments);
}
