// How generations are shown: as JSON (docs/formats.md, "cordwainer-generations/1") and as a table.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/generation_marks.h"
#include "model/generation.h"

namespace cordwainer::cli {

[[nodiscard]] nlohmann::ordered_json generations_json(const Generations& generations,
                                                      const GenerationMarks& marks = {});

// One line for each generation below a line of headings; "" where there are none. Times are UTC.
// The last column has the marks, where there are any.
[[nodiscard]] std::string generations_table(const std::vector<Generation>& generations,
                                            const GenerationMarks& marks = {});

// What is wrong, one line each: the problems of generations, and those that were skipped.
[[nodiscard]] std::vector<std::string> generation_complaints(const Generations& generations);

}  // namespace cordwainer::cli
