// The plan as JSON, format "cordwainer-plan/1" (docs/formats.md): what `plan --json` prints, what
// records keep, and what bootloaders outside this tree write. It does not have the places where
// targets stand in a configuration: they say nothing to whoever reads the plan later.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "model/plan.h"

namespace cordwainer {

class JsonPlace;
class JsonWriter;

// Canonical: the same plan gives the same bytes. Ends with a newline.
[[nodiscard]] std::string render_plan(const Plan& plan);
[[nodiscard]] std::string render_plan(const RealisedPlan& plan);

// Reads what render_plan wrote. Unknown formats, kinds of step, keys and duplicate keys are refused
// with invalid_input and the JSON pointer of the place. `source_name` is for messages.
[[nodiscard]] Result<Plan> parse_plan(std::string_view json, const std::string& source_name);
[[nodiscard]] Result<RealisedPlan> parse_realised_plan(std::string_view json,
                                                       const std::string& source_name);

// The same inside a larger file: a record. The place is model/json_reader.h's.
[[nodiscard]] Result<RealisedPlan> parse_realised_plan(const JsonPlace& place);

// The member "other_default" of the object that is being written, or read: none where there is
// none.
void render_other_default(JsonWriter& json, const std::optional<OtherDefault>& other);
[[nodiscard]] Result<std::optional<OtherDefault>> parse_other_default(const JsonPlace& around);

// One target of a plan, inside a larger file.
void render_target(JsonWriter& json, const PlannedTarget& target);
[[nodiscard]] Result<PlannedTarget> parse_target(const JsonPlace& place);

}  // namespace cordwainer
