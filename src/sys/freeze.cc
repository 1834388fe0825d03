#include "sys/freeze.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cordwainer {
namespace {

constexpr char kReady = 'r';
constexpr char kDone = 'd';
constexpr int kRetry = 100;  // milliseconds

// All signals of this thread wait while the object lives.
class BlockedSignals {
  public:
    BlockedSignals() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;
    BlockedSignals(BlockedSignals&&) = delete;
    BlockedSignals& operator=(BlockedSignals&&) = delete;

  private:
    sigset_t before_{};
};

// The memory that this process has is not swapped out, and not read from a file anew, while the
// object lives.
class LockedMemory {
  public:
    LockedMemory() : locked_(::mlockall(MCL_CURRENT) == 0) {}

    ~LockedMemory() {
        if (locked_) ::munlockall();
    }

    LockedMemory(const LockedMemory&) = delete;
    LockedMemory& operator=(const LockedMemory&) = delete;
    LockedMemory(LockedMemory&&) = delete;
    LockedMemory& operator=(LockedMemory&&) = delete;

    [[nodiscard]] bool locked() const { return locked_; }

  private:
    bool locked_;
};

bool thawed(int directory) {
    // EINVAL: it is not frozen, or not completely frozen yet.
    return ::ioctl(directory, FITHAW, 0) == 0 || errno == EINVAL;
}

// The child. Only async-signal-safe calls: other threads of the parent may have held locks.
[[noreturn]] void watch(int directory, int parent, int limit) {
    ::setsid();  // what kills the parent's process group spares this one
    if (::mlockall(MCL_CURRENT) != 0 || ::write(parent, &kReady, 1) != 1) ::_exit(1);
    bool gone = false;
    for (int wait = limit;; wait = kRetry) {
        pollfd event{.fd = gone ? -1 : parent, .events = POLLIN, .revents = 0};
        if (::poll(&event, 1, wait) > 0) {
            char message = 0;
            if (::read(parent, &message, 1) == 1 && message == kDone) ::_exit(0);
            // Its end is closed when it has ended, so after the last system call that it was in.
            gone = true;
        }
        if (thawed(directory) && gone) ::_exit(0);
    }
}

class Watchdog {
  public:
    static Result<Watchdog> start(const Fd& directory, std::chrono::milliseconds limit) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
            return system_error(errno, "make a pair of sockets");
        Fd ours(ends[0]);
        const Fd theirs(ends[1]);
        const pid_t child = ::fork();
        if (child < 0) return system_error(errno, "start a process");
        if (child == 0) {
            ::close(ours.get());
            watch(directory.get(), theirs.get(), static_cast<int>(limit.count()));
        }
        return Watchdog(std::move(ours), child);
    }

    // Whether it is in its place.
    [[nodiscard]] bool ready() const {
        char message = 0;
        return ::read(socket_.get(), &message, 1) == 1 && message == kReady;
    }

    // There is nothing to thaw any more.
    void dismiss() const {
        // Where it has ended already, nobody gets the message.
        (void)::send(socket_.get(), &kDone, 1, MSG_NOSIGNAL);
        ::waitpid(child_, nullptr, 0);
    }

  private:
    Watchdog(Fd socket, pid_t child) : socket_(std::move(socket)), child_(child) {}

    Fd socket_;
    pid_t child_;
};

Error freeze_error(int err, const std::string& name) {
    Error error = system_error(err, "freeze the file system of " + name);
    if (err == EBUSY) {
        error.code = Errc::refused;
        error.notes.back() += " (another program has frozen it: try again when it has thawed it)";
    }
    if (err == EOPNOTSUPP || err == ENOTTY) error.code = Errc::unsupported;
    return error;
}

}  // namespace

Result<void> while_frozen(const Fd& directory,
                          const std::string& name,
                          void (*work)(),
                          std::chrono::milliseconds limit) {
    const BlockedSignals blocked;
    const LockedMemory memory;
    if (!memory.locked()) return system_error(errno, "lock memory to freeze " + name);
    const Watchdog watchdog = TRY(Watchdog::start(directory, limit));
    if (!watchdog.ready()) {
        watchdog.dismiss();
        return Error(
            Errc::io,
            "freeze the file system of " + name + ": the process that would thaw it did not start");
    }
    // From here to FITHAW nothing may need memory or write a file.
    const int failed = ::ioctl(directory.get(), FIFREEZE, 0) == 0 ? 0 : errno;
    if (failed == 0) {
        work();
        // Where this fails the watchdog goes on trying: its end of the pair is closed.
        if (!thawed(directory.get())) return system_error(errno, "thaw the file system of " + name);
    }
    watchdog.dismiss();
    if (failed != 0) return freeze_error(failed, name);
    return {};
}

}  // namespace cordwainer
