// Which generation runs: what the kernel was started with, compared with the generations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "model/generation.h"
#include "sys/root.h"

namespace cordwainer {

// What runs now.
struct BootedKernel {
    std::string command_line;
    std::optional<std::int64_t> started = {};  // seconds since 1970-01-01 UTC
};

// What the system's own /proc says; nothing where it has none, as a system that does not run.
[[nodiscard]] Result<std::optional<BootedKernel>> read_booted(const Root& root);

struct Running {
    // All that it may be, ascending: usually one. Several where Guix gave one system several
    // numbers, or where they have the same command line.
    std::vector<std::uint64_t> numbers;
    // Why it is not certainly the only one of `numbers`, as a sentence without a full stop; ""
    // where it is.
    std::string why;

    // The one that runs for certain.
    [[nodiscard]] std::optional<std::uint64_t> certain() const {
        return why.empty() && numbers.size() == 1 ? std::optional(numbers.front()) : std::nullopt;
    }

    bool operator==(const Running&) const = default;
};

// Guix: the argument gnu.system= (or gnu.load=, and the older --system= and --load=) names an item
// of the store, which is compared with the generations' identities, or a generation's link, which
// is compared with that of each generation's own command line. cordwainer's own generations: the
// argument cordwainer.generation=N. A kernel that was started with none of these has the command
// line of a generation, apart from BOOT_IMAGE= and initrd=, which loaders add.
//
// Numbers and links are used again: a generation that is newer than the running system is in
// `numbers`, but not for certain.
[[nodiscard]] Running running_generation(const Generations& generations,
                                         const BootedKernel& booted);

}  // namespace cordwainer
