#include "sys/spawn.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "sys/descriptor.h"
#include "sys/file_io.h"
#include "sys/interrupt.h"

namespace cordwainer {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kOutputLimit = std::size_t{64} << 20U;
constexpr std::size_t kErrorTail = 4096;

struct Pipe {
    Fd read;
    Fd write;
};

Result<Pipe> make_pipe(int extra_flags = 0) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | extra_flags) != 0)
        return system_error(errno, "make a pipe");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// Standard input as a file in memory: nothing has to be fed while the program runs, and one that
// does not read it does no harm.
Result<Fd> input_file(const std::optional<std::string>& input) {
    if (!input) return open_file("/dev/null", O_RDONLY);
    Fd fd(::memfd_create("cordwainer-input", MFD_CLOEXEC));
    if (!fd) return system_error(errno, "make a file in memory");
    TRY_VOID(write_all(fd, as_bytes(*input), "the program's input"));
    if (::lseek(fd.get(), 0, SEEK_SET) < 0) return system_error(errno, "rewind a file in memory");
    return fd;
}

// The environment of the child, in execve's form; it points into `strings`.
std::vector<char*> environment_with(const std::map<std::string, std::string>& extra,
                                    std::vector<std::string>& strings) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        if (!extra.contains(std::string(text.substr(0, text.find('=')))))
            strings.emplace_back(text);
    }
    for (const auto& [name, value] : extra) strings.push_back(name + "=" + value);
    std::vector<char*> pointers;
    for (std::string& text : strings) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// Everything that the child needs, made before fork: after it, only async-signal-safe calls.
struct ChildSetup {
    std::string program;
    std::vector<char*> arguments;
    std::vector<char*> environment;
    std::string directory;
    int input = -1;
    int output = -1;
    int errors = -1;
    int failure_pipe = -1;  // gets errno where the program cannot be started
    bool interactive = false;
    pid_t parent = 0;
};

[[noreturn]] void fail_child(const ChildSetup& setup) {
    const int err = errno;
    const ssize_t written = ::write(setup.failure_pipe, &err, sizeof err);
    ::_exit(written == sizeof err ? 127 : 126);
}

[[noreturn]] void run_child(const ChildSetup& setup) {
    if (!setup.interactive) {
        ::setpgid(0, 0);
        // The parent's descriptors all have O_CLOEXEC, so they are above 2 or not wanted here.
        if (::dup2(setup.input, STDIN_FILENO) < 0 || ::dup2(setup.output, STDOUT_FILENO) < 0 ||
            ::dup2(setup.errors, STDERR_FILENO) < 0)
            fail_child(setup);
    }
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail_child(setup);
    if (::getppid() != setup.parent) ::_exit(127);  // it died before the line above
    for (int signal = 1; signal < NSIG; ++signal) {
        (void)::signal(signal, SIG_DFL);  // SIGKILL and SIGSTOP refuse
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (!setup.directory.empty() && ::chdir(setup.directory.c_str()) != 0) fail_child(setup);
    // Descriptors of libraries that forgot O_CLOEXEC; the failure pipe closes when exec succeeds.
    if (::syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) != 0) fail_child(setup);
    ::execve(setup.program.c_str(), setup.arguments.data(), setup.environment.data());
    fail_child(setup);
}

// Descriptors 0 to 2 may be closed in the caller; then a pipe could get one of those numbers, and
// dup2 in the child would lose it.
Result<void> move_above_standard(Fd& fd) {
    if (!fd || fd.get() > STDERR_FILENO) return {};
    Fd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!moved) return system_error(errno, "duplicate a descriptor");
    fd = std::move(moved);
    return {};
}

// One stream of the child that is read while it runs.
struct Stream {
    Fd pipe;
    std::string text;
    std::size_t limit = 0;
    bool keep_end = false;  // beyond the limit: keep the end, or stop the program
    bool overrun = false;

    // Reads what is there; closes the pipe at its end.
    void drain() {
        std::array<char, 65536> buffer{};
        while (pipe) {
            const ssize_t n = ::read(pipe.get(), buffer.data(), buffer.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && errno == EAGAIN) return;
            if (n <= 0) {
                pipe = Fd();
                return;
            }
            text.append(buffer.data(), static_cast<std::size_t>(n));
            if (text.size() <= limit) continue;
            if (!keep_end) {
                overrun = true;
                return;
            }
            text.erase(0, text.size() - limit);
        }
    }
};

enum class Ending { exited, timed_out, overrun, stopped };

// Reads the streams until the program has ended, or must be made to. A grandchild that holds a pipe
// open does not keep us.
Result<Ending> watch(const Fd& process,
                     Stream& output,
                     Stream& errors,
                     std::optional<Clock::time_point> deadline) {
    while (true) {
        int wait = -1;
        if (deadline) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now());
            wait = static_cast<int>(std::clamp<std::int64_t>(left.count() + 1, 0, 60'000));
        }
        std::array<pollfd, 4> fds{{{process.get(), POLLIN, 0},
                                   {output.pipe.get(), POLLIN, 0},
                                   {errors.pipe.get(), POLLIN, 0},
                                   {stop_descriptor(), POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), wait) < 0 && errno != EINTR)
            return system_error(errno, "wait for a program");
        const bool ended = (fds[0].revents & POLLIN) != 0;
        output.drain();
        errors.drain();
        if (output.overrun) return Ending::overrun;
        if (ended) return Ending::exited;
        if (stop_requested()) return Ending::stopped;
        if (deadline && Clock::now() >= *deadline) return Ending::timed_out;
    }
}

// Whether the program ends within this time, without taking its status.
bool ends_within(const Fd& process, std::chrono::milliseconds time) {
    const Clock::time_point end = Clock::now() + time;
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd waiting{process.get(), POLLIN, 0};
        const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

// Ends a program before its time.
void end_early(const SpawnRequest& request, pid_t child, const Fd& process, bool politely) {
    if (!request.interactive) {
        ::kill(-child, SIGKILL);
        return;
    }
    if (politely) ::kill(child, SIGTERM);
    if (!politely || !ends_within(process, std::chrono::seconds(5))) ::kill(child, SIGKILL);
}

Result<siginfo_t> reap(const Fd& process) {
    siginfo_t info{};
    while (::waitid(P_PIDFD, static_cast<id_t>(process.get()), &info, WEXITED) != 0) {
        if (errno != EINTR) return system_error(errno, "wait for a program");
    }
    return info;
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

Error failure(const SpawnRequest& request, std::string how, const Stream& errors) {
    Error error(Errc::tool_failed, request.arguments[0] + " " + std::move(how));
    if (std::string tail = trimmed(errors.text); !tail.empty())
        error.notes.push_back(std::move(tail));
    return error;
}

Result<void> check_ending(const SpawnRequest& request,
                          Ending ending,
                          const siginfo_t& info,
                          const Stream& errors) {
    if (ending == Ending::timed_out) {
        return failure(
            request,
            "ran longer than " +
                std::to_string(request.timeout.value_or(std::chrono::milliseconds(0)).count()) +
                " ms and was stopped",
            errors);
    }
    if (ending == Ending::overrun) return failure(request, "printed more than 64 MiB", errors);
    if (ending == Ending::stopped) return stopped();
    if (info.si_code != CLD_EXITED) {
        const char* name = ::sigabbrev_np(info.si_status);
        return failure(request,
                       "was killed by signal " +
                           (name ? "SIG" + std::string(name) : std::to_string(info.si_status)),
                       errors);
    }
    if (info.si_status != 0)
        return failure(request, "failed with status " + std::to_string(info.si_status), errors);
    return {};
}

// Where the child could not start the program, the errno that it sent; 0 otherwise.
int start_failure(const Fd& pipe) {
    int err = 0;
    ssize_t n = 0;
    do {
        n = ::read(pipe.get(), &err, sizeof err);
    } while (n < 0 && errno == EINTR);
    return n == sizeof err ? err : 0;
}

// The caller's ends of the streams, and the child's.
struct Plumbing {
    Fd input;
    Fd output;
    Fd errors;
    Stream read_output{.pipe = {}, .text = {}, .limit = kOutputLimit};
    Stream read_errors{.pipe = {}, .text = {}, .limit = kErrorTail, .keep_end = true};
};

Result<Plumbing> lay_pipes(const SpawnRequest& request) {
    Plumbing plumbing;
    plumbing.input = TRY(input_file(request.input));
    if (request.output_file.empty()) {
        Pipe pipe = TRY(make_pipe());
        plumbing.output = std::move(pipe.write);
        plumbing.read_output.pipe = std::move(pipe.read);
    } else {
        plumbing.output = TRY(open_file(request.output_file, O_WRONLY | O_CREAT | O_TRUNC, 0666));
    }
    Pipe pipe = TRY(make_pipe());
    plumbing.errors = std::move(pipe.write);
    plumbing.read_errors.pipe = std::move(pipe.read);
    for (Fd* fd : {&plumbing.input, &plumbing.output, &plumbing.errors})
        TRY_VOID(move_above_standard(*fd));
    for (const Fd* fd : {&plumbing.read_output.pipe, &plumbing.read_errors.pipe}) {
        if (*fd && ::fcntl(fd->get(), F_SETFL, O_NONBLOCK) != 0)
            return system_error(errno, "set up a pipe");
    }
    return plumbing;
}

Result<std::string> program_of(const SpawnRequest& request) {
    const std::string& name = request.arguments[0];
    if (auto path = find_program(name)) return path->string();
    return Error(Errc::not_found,
                 name.find('/') == std::string::npos
                     ? "the program " + name + " is not installed (it is not in PATH)"
                     : "there is no program " + name);
}

}  // namespace

std::optional<std::filesystem::path> find_program(const std::string& name) {
    const auto executable = [](const std::filesystem::path& path) {
        std::error_code ignored;
        return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
    };
    if (name.empty()) return std::nullopt;
    if (name.find('/') != std::string::npos) {
        if (executable(name)) return std::filesystem::absolute(name);
        return std::nullopt;
    }
    const char* variable = std::getenv("PATH");
    std::string_view path = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
    while (true) {
        const std::size_t colon = path.find(':');
        const std::string_view directory = path.substr(0, colon);
        // An empty part means the current directory, which is no place to take programs from.
        if (!directory.empty() && executable(std::filesystem::path(directory) / name))
            return std::filesystem::path(directory) / name;
        if (colon == std::string_view::npos) return std::nullopt;
        path.remove_prefix(colon + 1);
    }
}

Result<SpawnOutput> spawn(const SpawnRequest& request) {
    if (request.arguments.empty()) return Error(Errc::invalid_input, "no program to run was given");
    ChildSetup setup;
    setup.program = TRY(program_of(request));
    std::vector<std::string> arguments = request.arguments;
    for (std::string& argument : arguments) setup.arguments.push_back(argument.data());
    setup.arguments.push_back(nullptr);
    std::vector<std::string> environment;
    setup.environment = environment_with(request.environment, environment);
    setup.directory = request.directory.string();
    setup.interactive = request.interactive;
    setup.parent = ::getpid();

    Plumbing plumbing;
    if (!request.interactive) plumbing = TRY(lay_pipes(request));
    setup.input = plumbing.input.get();
    setup.output = plumbing.output.get();
    setup.errors = plumbing.errors.get();
    Pipe failure_pipe = TRY(make_pipe());
    TRY_VOID(move_above_standard(failure_pipe.write));
    setup.failure_pipe = failure_pipe.write.get();

    const pid_t child = ::fork();
    if (child < 0) return system_error(errno, "start " + setup.program);
    if (child == 0) run_child(setup);
    const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0U)));
    if (!process) {
        const int err = errno;
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        return system_error(err, "watch " + setup.program);
    }
    failure_pipe.write = Fd();
    plumbing.input = Fd();
    plumbing.output = Fd();
    plumbing.errors = Fd();

    if (const int err = start_failure(failure_pipe.read); err != 0) {
        TRY_VOID(reap(process));
        return system_error(err, "start " + setup.program);
    }
    std::optional<Clock::time_point> deadline;
    if (request.timeout) deadline = Clock::now() + *request.timeout;
    Result<void> talk;
    if (request.meanwhile) {
        talk = request.meanwhile([&] { return !ends_within(process, std::chrono::seconds(0)); });
        if (!talk && !ends_within(process, std::chrono::seconds(0))) {
            end_early(request, child, process, false);
            TRY_VOID(reap(process));
            return talk.error();
        }
    }
    const Result<Ending> ending =
        watch(process, plumbing.read_output, plumbing.read_errors, deadline);
    if (!ending || *ending != Ending::exited)
        end_early(request, child, process, ending && *ending == Ending::stopped);
    const siginfo_t info = TRY(reap(process));
    if (!ending) return ending.error();
    TRY_VOID(check_ending(request, *ending, info, plumbing.read_errors));
    if (!talk) return talk.error();
    return SpawnOutput{std::move(plumbing.read_output.text), std::move(plumbing.read_errors.text)};
}

}  // namespace cordwainer
