// Progress on standard error: a bar with bytes and an estimate on a terminal, a line for each phase
// elsewhere.
#pragma once

#include <chrono>
#include <string>

#include "apply/ports.h"

namespace cordwainer::cli {

// The line that shows a phase, without its end: "TITLE  [=====>    ] 12.0 MiB of 40.0 MiB, 3 s
// left". `total` 0: not known. At most `columns` wide.
[[nodiscard]] std::string progress_line(const std::string& title,
                                        std::uint64_t done,
                                        std::uint64_t total,
                                        std::chrono::milliseconds elapsed,
                                        std::size_t columns);

class ErrorProgress : public Progress {
  public:
    // Looks at standard error: a terminal or not.
    ErrorProgress();
    ~ErrorProgress() override;
    ErrorProgress(const ErrorProgress&) = delete;
    ErrorProgress& operator=(const ErrorProgress&) = delete;
    ErrorProgress(ErrorProgress&&) = delete;
    ErrorProgress& operator=(ErrorProgress&&) = delete;

    void phase(const std::string& what, std::uint64_t bytes) override;
    void advance(std::uint64_t bytes) override;

    // Takes the bar off the terminal, before anything else is printed there.
    void clear();

  private:
    using Clock = std::chrono::steady_clock;

    void draw();

    bool terminal_ = false;
    bool drawn_ = false;
    std::string title_;
    std::uint64_t done_ = 0;
    std::uint64_t total_ = 0;
    Clock::time_point start_;
    Clock::time_point last_drawn_;
};

}  // namespace cordwainer::cli
