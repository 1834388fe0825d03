// How much room a sequence of writes and removals takes: arithmetic alone.
#pragma once

#include <cstdint>
#include <vector>

namespace cordwainer {

// A file that is written, and what goes once it is in its place. Nothing is written where `size` is
// 0, nothing goes where `freed` is 0. Both are bytes.
struct PlannedWrite {
    std::uint64_t size = 0;
    std::uint64_t freed = 0;
};

// Bytes, of what is taken now.
struct SpaceUse {
    std::uint64_t peak = 0;   // the most that is taken more, at any moment
    std::int64_t change = 0;  // what is taken more in the end; negative where that is less
};

// Of the writes, one after the other; every file takes whole blocks.
[[nodiscard]] SpaceUse space_use(const std::vector<PlannedWrite>& writes, std::uint32_t block_size);

// The bytes that the whole blocks of `bytes` take.
[[nodiscard]] std::uint64_t in_blocks(std::uint64_t bytes, std::uint32_t block_size);

}  // namespace cordwainer
