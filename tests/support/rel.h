#pragma once

// A path in a target, written as a test has it.

#include <string>

#include "core/rel_path.h"

namespace cordwainer::test {

// `text` must be a path that RelPath takes.
inline RelPath rel(const std::string& text) {
    return *RelPath::parse(text);
}

}  // namespace cordwainer::test
