#include "apply/space.h"

#include <algorithm>
#include <fmt/format.h>

namespace cordwainer {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;

std::uint64_t in_blocks(std::uint64_t bytes, std::uint32_t block_size) {
    const std::uint64_t blocks = bytes / block_size + (bytes % block_size == 0 ? 0 : 1);
    return blocks * block_size;
}

}  // namespace

std::uint64_t peak_bytes(const std::vector<PlannedWrite>& writes, std::uint32_t block_size) {
    std::uint64_t taken = 0;  // more than now
    std::uint64_t spare = 0;  // freed beyond what was taken
    std::uint64_t peak = 0;
    for (const PlannedWrite& write : writes) {
        std::uint64_t size = in_blocks(write.size, block_size);
        const std::uint64_t reused = std::min(size, spare);
        spare -= reused;
        size -= reused;
        taken += size;
        peak = std::max(peak, taken);
        const std::uint64_t freed = in_blocks(write.freed, block_size);
        spare += freed - std::min(freed, taken);
        taken -= std::min(freed, taken);
    }
    return peak;
}

Result<void> check_space(const TargetId& target,
                         const std::vector<PlannedWrite>& writes,
                         const FreeSpace& space) {
    const std::uint64_t peak = peak_bytes(writes, space.block_size);
    if (peak <= space.bytes) return {};
    return Error(Errc::no_space,
                 fmt::format("target {} needs {:.1f} MiB and has {:.1f} MiB free: {:.1f} MiB are "
                             "missing",
                             target.text,
                             static_cast<double>(peak) / kMiB,
                             static_cast<double>(space.bytes) / kMiB,
                             static_cast<double>(peak - space.bytes) / kMiB));
}

}  // namespace cordwainer
