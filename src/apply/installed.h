// What is installed on a machine: which menu, and where something of ours lies. Format
// "cordwainer-installed/1" (docs/formats.md). host/record_files.h keeps it in the state directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "model/generation.h"
#include "model/plan.h"

namespace cordwainer {

class JsonPlace;
class JsonWriter;

// A generation, for as long as its number means the same one.
struct GenerationId {
    std::uint64_t number = 0;
    std::string identity;  // Generation::identity

    bool operator==(const GenerationId&) const = default;
};

[[nodiscard]] GenerationId id_of(const Generation& generation);

// {"number", "identity"}, on one line.
void render_id(JsonWriter& json, const GenerationId& id);
[[nodiscard]] Result<GenerationId> parse_id(const JsonPlace& place);

// The one of this number and identity; null where there is none.
[[nodiscard]] const Generation* find_generation(const Generations& generations,
                                                const GenerationId& id);

struct Installed {
    std::string bootloader;             // "none" included
    std::optional<GenerationId> boots;  // the current one then, whose record has the plan
    std::optional<OtherDefault> other_default = {};  // else `boots` is what boots by default
    std::vector<GenerationId> generations = {};      // that the menu was made for, ascending
    // A default that was chosen without the profile's link: it holds until the next switch, or
    // until there is a generation that is none of `generations` (why_ended).
    std::optional<GenerationId> kept = {};
    // Where a switch goes that is at work, or did not end: noted before what boots changes, and
    // given up when the profile's link has followed. The next run goes on with it, unless it ended
    // as above.
    std::optional<GenerationId> switching = {};
    // Every target on which something of ours may lie: also those of a run that was cut, and those
    // that an earlier configuration had and that were out of reach since.
    std::vector<PlannedTarget> targets = {};

    bool operator==(const Installed&) const = default;
};

// The generation that boots by default; nothing where that is something else, or not known.
[[nodiscard]] std::optional<GenerationId> default_of(const Installed& installed);

// Why a default that was chosen, `kept` or `switching`, holds no longer: a part of a sentence.
// Nothing where it does, or where there is none. Numbers are used again, so that only the identity
// tells a new generation.
[[nodiscard]] std::optional<std::string> why_ended(const std::optional<GenerationId>& chosen,
                                                   const Installed& installed,
                                                   const Generations& generations);

// Where the switch goes that did not end; nothing where the profile's link has followed, which
// leads to `current`, or to nothing.
[[nodiscard]] std::optional<GenerationId> open_switch(const Installed& installed,
                                                      const Generation* current);

// Whether both are the same place: path or device as it was named, and own directory.
[[nodiscard]] bool same_place(const PlannedTarget& a, const PlannedTarget& b);

// `targets` and those of `more` that are at none of their places.
[[nodiscard]] std::vector<PlannedTarget> with_targets(std::vector<PlannedTarget> targets,
                                                      const std::vector<PlannedTarget>& more);

// Canonical: the same value gives the same bytes.
[[nodiscard]] std::string render_installed(const Installed& installed);

// Reads what render_installed wrote; invalid_input with the JSON pointer of what is wrong.
[[nodiscard]] Result<Installed> parse_installed(std::string_view json,
                                                const std::string& source_name);

}  // namespace cordwainer
