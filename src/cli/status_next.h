// What boots next, and why; and whether what runs now could be booted again. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apply/installed.h"
#include "host/running.h"
#include "model/generation.h"

namespace cordwainer::cli {

// What the loader is told beside its menu; names of entries.
struct LoaderChoice {
    std::optional<std::string> once;        // cli/once.h: for one boot
    std::optional<std::string> by_default;  // systemd-boot: LoaderEntryDefault

    bool operator==(const LoaderChoice&) const = default;
};

struct NextBoot {
    std::optional<std::uint64_t> generation;  // none: something else, or it is not known
    std::vector<std::string> why;             // sentences without full stops
    // What boots is not what the system means to boot, as after a new generation.
    bool behind = false;

    bool operator==(const NextBoot&) const = default;
};

[[nodiscard]] NextBoot next_boot(const Installed& installed,
                                 const Generations& generations,
                                 const LoaderChoice& choice);

// What the installed menu offers and the system does not have any more: whole sentences.
[[nodiscard]] std::vector<std::string> lost_generations(const Installed& installed,
                                                        const Generations& generations);

struct RunningStatus {
    Running running;
    // Whether it is in the installed menu, with its files there; none where what runs is not known.
    std::optional<bool> bootable;
    std::string problem;  // why it is not; "" otherwise

    bool operator==(const RunningStatus&) const = default;
};

[[nodiscard]] RunningStatus running_status(const Installed& installed,
                                           const Generations& generations,
                                           const BootedKernel& booted);

}  // namespace cordwainer::cli
