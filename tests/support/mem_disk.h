// A block target on a modelled medium, which a power cut can hit in the middle of a write.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apply/ports.h"
#include "tests/support/faults.h"
#include "tests/support/medium.h"

namespace cordwainer::test {

class MemDisk : public BlockTarget {
  public:
    MemDisk(std::size_t sectors,
            Faults& faults,
            std::shared_ptr<Medium> medium = std::make_shared<Medium>())
        : bytes(sectors * kSector),
          faults_(faults),
          medium_(std::move(medium)),
          device_(medium_->add_device(false)) {}

    // ---- What tests look at and set

    // The cell of a sector.
    [[nodiscard]] CellKey key(std::uint64_t lba) const {
        return medium_->key(device_, CellKind::sector, static_cast<std::uint32_t>(lba));
    }

    // The bytes of a sector in some state of the medium.
    [[nodiscard]] std::string sector(const MediumState& state, std::uint64_t lba) const {
        std::string text(medium_->text(cell(state, key(lba))));
        text.resize(kSector);
        return text;
    }

    // The medium's cache was set by somebody else.
    void mount() {
        for (std::size_t lba = 0; lba * kSector < bytes.size(); ++lba) {
            const std::string text = sector(medium_->cache(), lba);
            std::ranges::copy(as_bytes(text),
                              bytes.begin() + static_cast<std::ptrdiff_t>(lba * kSector));
        }
    }

    // ---- BlockTarget

    [[nodiscard]] std::uint32_t sector_size() const override { return kSector; }

    Result<Bytes> read(std::uint64_t offset, std::size_t count) override {
        if (faults_.cut) return power_cut();
        reads.emplace_back(offset, count);
        const auto part = slice(bytes, offset, count);
        if (!part) return Error(Errc::io, "beyond the end of the disk");
        return Bytes(part->begin(), part->end());
    }

    Result<void> write(std::uint64_t offset, ByteView data) override {
        if (!slice(bytes, offset, data.size())) return Error(Errc::io, "beyond the end");
        const bool cut = faults_.cuts_here();
        writes.emplace_back(offset, data.size());
        std::copy_n(data.begin(), cut ? data.size() / 2 : data.size(), bytes.begin() + offset);
        log(offset, data.size());
        if (cut) return power_cut();
        return {};
    }

    Result<void> write_boot_sector(ByteView sector) override {
        if (faults_.cuts_here()) return power_cut();
        writes.emplace_back(0, sector.size());
        std::ranges::copy(sector, bytes.begin());
        log(0, kSector);
        if (faults_.cuts_here()) return power_cut();
        return {};
    }

    Bytes bytes;
    std::vector<std::pair<std::uint64_t, std::size_t>> writes;  // offset and size of each
    std::vector<std::pair<std::uint64_t, std::size_t>> reads;   // likewise

  private:
    static constexpr std::size_t kSector = 512;

    // Sector by sector, since each is kept or lost by itself; then flushed.
    void log(std::uint64_t offset, std::size_t count) {
        for (std::uint64_t lba = offset / kSector; lba * kSector < offset + count; ++lba) {
            const auto part = slice(bytes, lba * kSector, kSector);
            medium_->write(key(lba), medium_->intern(to_text(*part)), true);
        }
        medium_->flush(device_);
    }

    Faults& faults_;
    std::shared_ptr<Medium> medium_;
    std::uint32_t device_;
};

}  // namespace cordwainer::test
