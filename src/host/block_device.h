// A block target that is a disk of this machine, with partitions of it mounted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "apply/ports.h"
#include "sys/descriptor.h"

namespace cordwainer {

// Everything goes past the page cache (O_DIRECT), in whole logical sectors: a buffered write of one
// sector goes out as the page that it lies in, eight sectors of which a cut may leave some, and a
// buffered read gives back what was written to memory.
class BlockDevice : public BlockTarget {
  public:
    // Opens the device node, not exclusively: the system runs from this disk. refused where it is
    // no block device. Its size does not change.
    [[nodiscard]] static Result<std::unique_ptr<BlockDevice>> open(
        const std::filesystem::path& node);

    [[nodiscard]] std::uint32_t sector_size() const override { return sector_size_; }

    Result<Bytes> read(std::uint64_t offset, std::size_t count) override;

    // A sector that the bytes fill in part keeps its other bytes.
    Result<void> write(std::uint64_t offset, ByteView bytes) override;

    Result<void> write_boot_sector(ByteView sector) override;

  private:
    BlockDevice(Fd fd, std::string name, std::uint64_t size, std::uint32_t sector_size)
        : fd_(std::move(fd)), name_(std::move(name)), size_(size), sector_size_(sector_size) {}

    Fd fd_;
    std::string name_;
    std::uint64_t size_;
    std::uint32_t sector_size_;
};

}  // namespace cordwainer
