// A file descriptor that closes itself, and opening one.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <utility>

#include "core/error.h"

namespace cordwainer {

// Owns a file descriptor; move-only. -1 owns none.
class Fd {
  public:
    Fd() = default;

    explicit Fd(int descriptor) : descriptor_(descriptor) {}

    ~Fd();
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;

    Fd(Fd&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

    Fd& operator=(Fd&& other) noexcept;

    [[nodiscard]] int get() const { return descriptor_; }

    explicit operator bool() const { return descriptor_ >= 0; }

    // Gives the descriptor away; the caller closes it.
    [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

    // Closes now and reports what the destructor could not: on a network or quota file system the
    // error of an earlier write. `what` names the file.
    [[nodiscard]] Result<void> close(const std::string& what);

  private:
    int descriptor_ = -1;
};

// A failed system call on a file, with the code that callers branch on: not_found where the path
// does not exist, no_space where the medium or the quota is full, io otherwise.
[[nodiscard]] Error file_error(int err, std::string note);

// open(2) with O_CLOEXEC; file_error, with the path, on failure.
[[nodiscard]] Result<Fd> open_file(const std::filesystem::path& path, int flags, mode_t mode = 0);

}  // namespace cordwainer
