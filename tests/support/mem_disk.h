// A block target in memory that a power cut can hit in the middle of a write.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "apply/ports.h"
#include "tests/support/faults.h"

namespace cordwainer::test {

class MemDisk : public BlockTarget {
  public:
    MemDisk(std::size_t sectors, Faults& faults) : bytes(sectors * 512), faults_(faults) {}

    [[nodiscard]] std::uint32_t sector_size() const override { return 512; }

    Result<Bytes> read(std::uint64_t offset, std::size_t count) override {
        if (faults_.cut) return power_cut();
        const auto part = slice(bytes, offset, count);
        if (!part) return Error(Errc::io, "beyond the end of the disk");
        return Bytes(part->begin(), part->end());
    }

    Result<void> write(std::uint64_t offset, ByteView data) override {
        if (!slice(bytes, offset, data.size())) return Error(Errc::io, "beyond the end");
        const bool cut = faults_.cuts_here();
        writes.emplace_back(offset, data.size());
        std::copy_n(data.begin(), cut ? data.size() / 2 : data.size(), bytes.begin() + offset);
        if (cut) return power_cut();
        return {};
    }

    Result<void> write_boot_sector(ByteView sector) override {
        if (faults_.cuts_here()) return power_cut();
        writes.emplace_back(0, sector.size());
        std::ranges::copy(sector, bytes.begin());
        if (faults_.cuts_here()) return power_cut();
        return {};
    }

    Bytes bytes;
    std::vector<std::pair<std::uint64_t, std::size_t>> writes;  // offset and size of each

  private:
    Faults& faults_;
};

}  // namespace cordwainer::test
