// Freezing a mounted file system, which puts all of it into its final blocks, without the danger of
// leaving it frozen: on the root file system that would stop the machine.
#pragma once

#include <chrono>
#include <string>

#include "core/error.h"
#include "sys/descriptor.h"

namespace cordwainer {

// How long a file system may stay frozen before it is thawed, whatever the freezer does. Freezing
// itself counts: it waits for what other programs are writing.
constexpr std::chrono::milliseconds kFreezeLimit{30'000};

// Freezes the file system of `directory` (FIFREEZE), calls `work`, which must not write to it, and
// thaws it (FITHAW). `name` is for messages. refused where somebody else has frozen it, unsupported
// where its kind cannot be frozen. Needs CAP_SYS_ADMIN.
//
// While it is frozen, whoever writes to it waits, this process included. So:
//
// - The memory of this process is locked: a page that has to make room for another may be written
//   to the frozen file system, and that would never end.
// - Signals wait until it is thawed; nothing between the two can return early.
// - A child of this process (in a session of its own, its memory locked, its signals blocked) thaws
//   it when this process is killed or after `limit`.
[[nodiscard]] Result<void> while_frozen(
    const Fd& directory,
    const std::string& name,
    void (*work)() = [] {},
    std::chrono::milliseconds limit = kFreezeLimit);

}  // namespace cordwainer
