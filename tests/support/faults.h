// When the fakes of the ports fail: each operation that changes something is counted across all
// targets of a test, and one of them may be where the power goes.
#pragma once

#include <cstddef>
#include <optional>

#include "core/error.h"

namespace cordwainer::test {

struct Faults {
    std::size_t operations = 0;         // so far
    std::optional<std::size_t> cut_at;  // the operation, from 0, in the middle of which it goes
    bool cut = false;                   // it went: nothing works any more

    // Counts an operation; whether it is the one that is cut.
    bool cuts_here() {
        if (cut_at == operations++) cut = true;
        return cut;
    }

    void restore() { *this = {}; }
};

inline Error power_cut() {
    return {Errc::io, "the power went"};
}

}  // namespace cordwainer::test
