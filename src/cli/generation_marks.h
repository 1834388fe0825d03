// What is said of a system's generations beside what they are: which runs, which boots by default,
// which are pinned.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "cli/command.h"
#include "core/error.h"
#include "host/digest_cache.h"
#include "host/profiles.h"
#include "host/running.h"
#include "model/generation.h"
#include "sys/root.h"

namespace cordwainer::cli {

struct GenerationMarks {
    std::set<std::uint64_t> pinned = {};
    Running running = {};                         // nothing where the system does not run
    std::optional<std::uint64_t> boots = {};      // by default, as it was installed
    std::optional<std::uint64_t> once = {};       // boots next, one time
    std::optional<std::uint64_t> installed = {};  // with which the menu was made

    [[nodiscard]] bool may_run(std::uint64_t number) const;
};

// A damaged file of the state directory is an error.
[[nodiscard]] Result<GenerationMarks> read_marks(const Root& root,
                                                 const std::filesystem::path& state,
                                                 const Generations& generations);

// Why the generation is not deleted: "it is pinned"; nothing where it may be.
[[nodiscard]] std::optional<std::string> why_it_stays(const GenerationMarks& marks,
                                                      const Generation& generation);

// The system's generations, as the configuration says where they are.
struct MarkedGenerations {
    Root system;
    GenerationsRequest request;
    Generations generations;
    GenerationMarks marks;
};

[[nodiscard]] Result<MarkedGenerations> read_marked(const Common& common, DigestCache& digests);

}  // namespace cordwainer::cli
