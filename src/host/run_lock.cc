#include "host/run_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "core/utf8.h"
#include "host/probe_mounts.h"
#include "sys/file_io.h"
#include "sys/interrupt.h"

namespace cordwainer {
namespace {

struct flock whole_file() {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

// "cordwainer, process 812". A lock of another machine (the state is on a network file system) has
// no process here.
std::string name_of(pid_t process) {
    if (process <= 0) return "another process";
    const std::string number = std::to_string(process);
    const Result<std::string> name = read_text_file("/proc/" + number + "/comm");
    if (!name) return "process " + number;
    std::string text = to_utf8(*name);
    while (text.ends_with('\n')) text.pop_back();
    return text + ", process " + number;
}

// Who has the file locked.
std::optional<std::string> holder_of(const Fd& file) {
    struct flock holder = whole_file();
    if (::fcntl(file.get(), F_GETLK, &holder) != 0 || holder.l_type == F_UNLCK) return std::nullopt;
    return name_of(holder.l_pid);
}

// With what to do, where nothing can be written.
Error not_taken(Error error, const std::filesystem::path& state) {
    if (error.sys_errno != EROFS) return error;
    std::error_code failed;
    const auto mounts = MountTable::read("/proc/self/mountinfo");
    const Mount* mount =
        mounts ? mounts->of(std::filesystem::weakly_canonical(state, failed).string()) : nullptr;
    error.notes.push_back(
        "nothing can be installed before that is writable: `mount -o remount,rw " +
        (mount ? mount->mount_point : "/") + "`, once it is known (`dmesg`) why it is not");
    return error;
}

}  // namespace

Result<RunLock> RunLock::take(const std::filesystem::path& state,
                              const std::function<bool(const std::string& holder)>& busy) {
    std::error_code failed;
    std::filesystem::create_directories(state, failed);
    if (failed) return not_taken(file_error(failed.value(), "make " + state.string()), state);
    const std::string name = (state / "lock").string();
    // A record lock, whose holder the kernel tells. It would be lost if this process closed another
    // descriptor of the file: only holder() opens it else.
    Result<Fd> opened = open_file(name, O_RDWR | O_CREAT, 0644);
    if (!opened) return not_taken(std::move(opened).error(), state);
    Fd file = *std::move(opened);
    struct flock lock = whole_file();
    if (::fcntl(file.get(), F_SETLK, &lock) == 0) return RunLock(std::move(file));
    if (errno != EACCES && errno != EAGAIN) return file_error(errno, "lock " + name);
    const std::string who = holder_of(file).value_or(name_of(0));
    if (!busy(who)) {
        return Error(Errc::refused, name + " is held by " + who + ": run again when it has ended");
    }
    // Not F_SETLKW: a signal that asks to stop would not end it, since its handler restarts calls.
    constexpr int kPauseMs = 100;
    while (::fcntl(file.get(), F_SETLK, &lock) != 0) {
        if (errno != EACCES && errno != EAGAIN) return file_error(errno, "wait for " + name);
        pollfd stop{stop_descriptor(), POLLIN, 0};
        ::poll(&stop, 1, kPauseMs);
        if (stop_requested()) return stopped();
    }
    return RunLock(std::move(file));
}

Result<std::optional<std::string>> RunLock::holder(const std::filesystem::path& state) {
    const Result<Fd> file = open_file((state / "lock").string(), O_RDONLY);
    if (file) return holder_of(*file);
    if (file.error().code == Errc::not_found) return std::optional<std::string>();
    return file.error();
}

}  // namespace cordwainer
