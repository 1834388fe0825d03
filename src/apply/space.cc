#include "apply/space.h"

#include <algorithm>

namespace cordwainer {

SpaceUse space_use(const std::vector<PlannedWrite>& writes, std::uint32_t block_size) {
    SpaceUse use;
    for (const PlannedWrite& write : writes) {
        use.change += static_cast<std::int64_t>(in_blocks(write.size, block_size));
        use.peak =
            std::max(use.peak, static_cast<std::uint64_t>(std::max(use.change, std::int64_t{0})));
        use.change -= static_cast<std::int64_t>(in_blocks(write.freed, block_size));
    }
    return use;
}

std::uint64_t in_blocks(std::uint64_t bytes, std::uint32_t block_size) {
    const std::uint64_t blocks = bytes / block_size + (bytes % block_size == 0 ? 0 : 1);
    return blocks * block_size;
}

}  // namespace cordwainer
