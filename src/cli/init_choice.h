// From what is seen of a machine to a configuration for it. Pure: same facts, same proposal.
#pragma once

#include <string>
#include <vector>

#include "cli/init_facts.h"
#include "core/error.h"

namespace cordwainer::cli {

// A key of the bootloader's table, its value as TOML, and a sentence that says why.
struct Setting {
    std::string key;
    std::string value;
    std::string why;

    bool operator==(const Setting&) const = default;
};

struct Proposal {
    std::string bootloader;
    std::string why;
    std::vector<Setting> settings;
    // What the user should know or do; whole sentences.
    std::vector<std::string> warnings;

    bool operator==(const Proposal&) const = default;
};

// Chooses a bootloader that can be installed from this machine and reads what it has to, and its
// targets. unsupported where there is none: the message says for each what is in the way and what
// to do.
[[nodiscard]] Result<Proposal> propose(const InitFacts& facts);

}  // namespace cordwainer::cli
