// How much of the crash tests a build does: CORDWAINER_CRASH_SHARE=N in the environment, for builds
// that are slow, means every Nth state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace cordwainer::test {

inline std::size_t crash_share() {
    const char* text = std::getenv("CORDWAINER_CRASH_SHARE");
    return text ? std::max(1UL, std::strtoul(text, nullptr, 10)) : 1;
}

// The step through the operations that are cut, which are fewer than states.
inline std::size_t crash_step() {
    return crash_share() == 1 ? 1 : 5;
}

}  // namespace cordwainer::test
