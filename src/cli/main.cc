#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <malloc.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "cli/program.h"
#include "sys/interrupt.h"

namespace {

// A file that gets the number of a closed standard stream would be written to in its place. Opened
// for reading, so that what is written to it still fails.
void occupy_standard_streams() {
    for (int descriptor = 0; descriptor <= STDERR_FILENO; ++descriptor) {
        if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number, which is this one. Without /dev/null there is nothing to be done.
        [[maybe_unused]] const int opened = ::open("/dev/null", O_RDONLY);  // NOLINT: kept by exec
    }
}

// Memory that is given back to the kernel, or asked of it in small parts, is dear: each page of it
// is a fault when it is used first, which takes longer than what is done with it.
void keep_memory() {
    constexpr int kMiB = 1 << 20;
    ::mallopt(M_MMAP_THRESHOLD, 32 * kMiB);
    ::mallopt(M_TRIM_THRESHOLD, 64 * kMiB);
    ::mallopt(M_TOP_PAD, kMiB);
}

}  // namespace

int main(int argc, char** argv) {
    occupy_standard_streams();
    // A closed pipe, and a file that must not grow, shall be an error of the write, which is
    // reported like any other. Refused for SIGKILL and SIGSTOP only.
    (void)std::signal(SIGPIPE, SIG_IGN);
    (void)std::signal(SIGXFSZ, SIG_IGN);
    cordwainer::stop_on_signals();
    keep_memory();
    std::vector<std::string> arguments(argv, argv + argc);
    if (!arguments.empty()) arguments.erase(arguments.begin());
    return cordwainer::cli::run_program(arguments);
}
