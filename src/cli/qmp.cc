#include "cli/qmp.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/bytes.h"
#include "sys/descriptor.h"
#include "sys/file_io.h"
#include "sys/interrupt.h"

namespace cordwainer::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPatience = std::chrono::seconds(30);  // for an answer
constexpr std::size_t kLongestMessage = std::size_t{1} << 20U;

// Waits until `fd` (or nothing, if -1) has something to read, for at most `time`; false when not.
Result<bool> wait_for(int fd, milliseconds time) {
    std::array<pollfd, 2> fds{{{fd, POLLIN, 0}, {stop_descriptor(), POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(time.count()));
    if (stop_requested()) return stopped();
    if (ready < 0 && errno != EINTR) return system_error(errno, "wait for the machine");
    return ready > 0;
}

Result<void> pass_time(milliseconds time, const std::function<bool()>& running) {
    const auto end = Clock::now() + time;
    while (running()) {
        const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
        if (left.count() <= 0) return {};
        TRY_VOID(wait_for(-1, std::min(left, milliseconds(100))));
    }
    return Error(Errc::tool_failed, "the machine stopped before the picture was taken");
}

Result<Fd> connect_to(const std::filesystem::path& directory,
                      const std::function<bool()>& running) {
    // Through the directory's descriptor, since a socket's address has room for 107 bytes only.
    const Fd folder = TRY(open_file(directory, O_PATH | O_DIRECTORY));
    const std::string name = fmt::format("/proc/self/fd/{}/qmp", folder.get());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(name, address.sun_path);
    const auto end = Clock::now() + kPatience;
    while (Clock::now() < end) {
        Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (!socket) return system_error(errno, "make a socket");
        // The system call's own way of taking addresses of every family.
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        if (::connect(socket.get(), generic, sizeof address) == 0) return socket;
        if (!running()) return Error(Errc::tool_failed, "the machine did not start");
        TRY_VOID(wait_for(-1, milliseconds(20)));
    }
    return Error(Errc::tool_failed, "the machine does not answer");
}

// A connection that speaks QMP: one JSON object a line.
class Control {
  public:
    explicit Control(Fd socket) : socket_(std::move(socket)) {}

    // Reads on until an object that has one of these keys: greeting, answer or refusal.
    Result<nlohmann::json> receive(std::initializer_list<const char*> keys) {
        while (true) {
            const std::string line = TRY(next_line());
            nlohmann::json message = nlohmann::json::parse(line, nullptr, false);
            for (const char* key : keys) {
                if (message.is_object() && message.contains(key)) return message;
            }
        }
    }

    Result<void> execute(const nlohmann::json& command) {
        const std::string line = command.dump() + "\n";
        TRY_VOID(write_all(socket_, as_bytes(line), "the machine's control socket"));
        const nlohmann::json answer = TRY(receive({"return", "error"}));
        if (!answer.contains("error")) return {};
        return Error(Errc::tool_failed,
                     "the machine refused a command: " + answer["error"].value("desc", ""));
    }

  private:
    Result<std::string> next_line() {
        while (true) {
            const std::size_t end = buffer_.find('\n');
            if (end != std::string::npos) {
                std::string line = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                return line;
            }
            if (!TRY(wait_for(socket_.get(), kPatience)) || buffer_.size() > kLongestMessage) {
                return Error(Errc::tool_failed, "the machine does not answer");
            }
            std::array<char, 4096> piece{};
            const ssize_t n = ::read(socket_.get(), piece.data(), piece.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return Error(Errc::tool_failed, "the machine has gone");
            buffer_.append(piece.data(), static_cast<std::size_t>(n));
        }
    }

    Fd socket_;
    std::string buffer_;
};

}  // namespace

Result<void> take_picture(const std::filesystem::path& directory,
                          milliseconds after,
                          const std::filesystem::path& picture,
                          const std::function<bool()>& running) {
    Control control(TRY(connect_to(directory, running)));
    TRY(control.receive({"QMP"}));
    TRY_VOID(control.execute({{"execute", "qmp_capabilities"}}));
    TRY_VOID(pass_time(after, running));
    TRY_VOID(control.execute({{"execute", "screendump"},
                              {"arguments", {{"filename", picture.string()}, {"format", "png"}}}}));
    return control.execute({{"execute", "quit"}});
}

}  // namespace cordwainer::cli
