// A plan for people: what is installed where, with steps that are alike in one line.
#pragma once

#include <string>

#include "model/plan.h"

namespace cordwainer::cli {

// Targets, steps in their order, and what the plan reads in place. Warnings are left out: commands
// print them like any other warning.
[[nodiscard]] std::string render_plan_text(const Plan& plan);

}  // namespace cordwainer::cli
