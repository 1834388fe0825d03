// What `cordwainer init` decides from: the machine, its generations, and what could be installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/command.h"
#include "core/error.h"
#include "host/machine_facts.h"
#include "host/probe.h"
#include "model/observed.h"

namespace cordwainer::cli {

struct GenerationFacts {
    enum class System { none, guix, native };

    System system = System::none;
    std::size_t count = 0;
    // Where kernels lie: that of the newest generation, or where the next one's will.
    std::string kernel = "/var/lib/cordwainer/generations";
    std::uint64_t largest = 0;  // bytes of the largest generation's kernel and initrds

    bool operator==(const GenerationFacts&) const = default;
};

struct InitFacts {
    MachineFacts machine;
    GenerationFacts generations;
    std::string grub = "/usr";                   // where GRUB's package is
    Package grub_files = {};                     // of it; empty where there is none
    std::vector<std::string> systemd_boot = {};  // the platforms that it could be installed for

    // Whether GRUB could be installed for this platform.
    [[nodiscard]] bool has_grub(const std::string& platform) const;
};

// Looks at the system that `common` names, and at the machine that runs this.
[[nodiscard]] Result<InitFacts> look_around(const Common& common, const MachinePlaces& places = {});

}  // namespace cordwainer::cli
