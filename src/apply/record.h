// The record of a generation: what it was installed with. Format "cordwainer-record/1"
// (docs/formats.md). host/record_files.h keeps them in the state directory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "model/plan.h"
#include "model/source.h"

namespace cordwainer {

struct Record {
    std::uint64_t generation = 0;
    std::string identity;       // Generation::identity: numbers are used again
    std::string bootloader;     // "none" included
    std::string configuration;  // the text of the configuration file that it was installed with
    RealisedPlan plan;
    std::vector<ObjectRef> objects;  // all that it needs from the object store, by digest

    bool operator==(const Record&) const = default;
};

// The objects that the plan's steps name: each once, by digest.
[[nodiscard]] std::vector<ObjectRef> objects_of(const RealisedPlan& plan);

// Canonical: the same record gives the same bytes.
[[nodiscard]] std::string render_record(const Record& record);

// Reads what render_record wrote; invalid_input with the JSON pointer of what is wrong.
[[nodiscard]] Result<Record> parse_record(std::string_view json, const std::string& source_name);

}  // namespace cordwainer
