#include "cli/progress.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/output.h"

namespace cordwainer::cli {
namespace {

constexpr std::size_t kBarWidth = 20;
constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::milliseconds kFirstEstimate{1000};  // earlier ones only jump about

void write_to_terminal(const std::string& text) {
    // Progress that cannot be shown is no error.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

std::size_t terminal_columns() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

std::string estimate(std::uint64_t done, std::uint64_t total, std::chrono::milliseconds elapsed) {
    if (done == 0 || done >= total || elapsed < kFirstEstimate) return "";
    const double share = static_cast<double>(done) / static_cast<double>(total);
    const double left = static_cast<double>(elapsed.count()) / 1000.0 * (1.0 / share - 1.0);
    const auto seconds = static_cast<std::uint64_t>(std::min(left + 0.5, 1e9));
    if (seconds < 100) return fmt::format(", {} s left", seconds);
    return fmt::format(", {} min left", (seconds + 30) / 60);
}

// The first characters of a UTF-8 text, as many as there is room for.
std::string shortened(const std::string& text, std::size_t columns) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
        if (width++ == columns) return text.substr(0, i);
    }
    return text;
}

}  // namespace

std::string progress_line(const std::string& title,
                          std::uint64_t done,
                          std::uint64_t total,
                          std::chrono::milliseconds elapsed,
                          std::size_t columns) {
    std::string line = printable(title);
    if (total > 0) {
        done = std::min(done, total);
        const auto filled =
            static_cast<std::size_t>(static_cast<double>(kBarWidth) * static_cast<double>(done) /
                                     static_cast<double>(total));
        std::string bar(filled, '=');
        if (filled < kBarWidth) bar += '>';
        bar.resize(kBarWidth, ' ');
        line += fmt::format("  [{}] {} of {}{}",
                            bar,
                            human_size(done),
                            human_size(total),
                            estimate(done, total, elapsed));
    }
    return shortened(line, columns);
}

ErrorProgress::ErrorProgress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

ErrorProgress::~ErrorProgress() {
    clear();
}

void ErrorProgress::phase(const std::string& what, std::uint64_t bytes) {
    title_ = what;
    done_ = 0;
    total_ = bytes;
    start_ = Clock::now();
    if (terminal_) {
        draw();
    } else {
        complain(bytes > 0 ? fmt::format("{} ({})", what, human_size(bytes)) : what);
    }
}

void ErrorProgress::advance(std::uint64_t bytes) {
    done_ += bytes;
    if (terminal_ && Clock::now() - last_drawn_ >= kRedraw) draw();
}

void ErrorProgress::clear() {
    if (drawn_) write_to_terminal("\r\x1b[K");
    drawn_ = false;
}

void ErrorProgress::draw() {
    last_drawn_ = Clock::now();
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(last_drawn_ - start_);
    // A full line would make the cursor wrap.
    const std::size_t columns = terminal_columns() - 1;
    write_to_terminal("\r\x1b[K" + progress_line(title_, done_, total_, elapsed, columns));
    drawn_ = true;
}

}  // namespace cordwainer::cli
