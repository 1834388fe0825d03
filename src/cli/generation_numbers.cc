#include "cli/generation_numbers.h"

namespace cordwainer::cli {

std::vector<std::uint64_t> numbers_of(const std::vector<GenerationId>& ids) {
    std::vector<std::uint64_t> numbers;
    numbers.reserve(ids.size());
    for (const GenerationId& id : ids) numbers.push_back(id.number);
    return numbers;
}

}  // namespace cordwainer::cli
