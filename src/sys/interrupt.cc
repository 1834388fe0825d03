#include "sys/interrupt.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace cordwainer {
namespace {

// A signal handler reaches nothing but globals.
volatile std::sig_atomic_t stop = 0;
int stop_event = -1;

void request_stop(int /*signal*/) {
    const int saved_errno = errno;
    stop = 1;
    const std::uint64_t one = 1;
    // The flag tells those who do not wait; there is nobody to tell about a failure here.
    [[maybe_unused]] const ssize_t written = ::write(stop_event, &one, sizeof one);
    errno = saved_errno;
}

}  // namespace

void stop_on_signals() {
    stop_event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before{};
        if (::sigaction(signal, nullptr, &before) != 0 || before.sa_handler == SIG_IGN) continue;
        struct sigaction action{};
        action.sa_handler = request_stop;
        action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
        ::sigemptyset(&action.sa_mask);
        ::sigaction(signal, &action, nullptr);
    }
}

bool stop_requested() {
    return stop != 0;
}

int stop_descriptor() {
    return stop_event;
}

Error stopped() {
    Error error(Errc::io, "stopped by a signal");
    error.sys_errno = EINTR;
    return error;
}

}  // namespace cordwainer
