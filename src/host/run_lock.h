// One run at a time: the lock that everything that changes a machine's targets holds.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/error.h"
#include "sys/descriptor.h"

namespace cordwainer {

// Holds a lock on the file STATE/lock, which the kernel releases with the process. The file is
// empty and stays: who holds the lock is asked of the kernel, so that a run with nothing to do
// writes nothing.
class RunLock {
  public:
    // Takes it. Where another process has it, `busy` is told who ("cordwainer, process 812"), once,
    // and decides: true waits, false is refused. The directory `state` is made where it is missing.
    // Where that cannot be written, the error says what to do.
    [[nodiscard]] static Result<RunLock> take(
        const std::filesystem::path& state,
        const std::function<bool(const std::string& holder)>& busy);

    // Who has it; nothing where nobody has, also where there is no such directory. Writes nothing,
    // and is not for a process that has it: that would lose it (fcntl(2), F_SETLK).
    [[nodiscard]] static Result<std::optional<std::string>> holder(
        const std::filesystem::path& state);

  private:
    explicit RunLock(Fd file) : file_(std::move(file)) {}

    Fd file_;
};

}  // namespace cordwainer
