// How `cordwainer init` shows what it found and what it proposes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/init_choice.h"
#include "cli/init_facts.h"

namespace cordwainer::cli {

// The proposal as a configuration file, each choice with its reason as a comment.
[[nodiscard]] std::string proposal_toml(const Proposal& proposal);

// What was found, a line for each thing.
[[nodiscard]] std::string findings_text(const InitFacts& facts);

// The same as JSON (docs/formats.md, `machine` of cordwainer-init/1).
[[nodiscard]] nlohmann::ordered_json findings_json(const InitFacts& facts);

}  // namespace cordwainer::cli
