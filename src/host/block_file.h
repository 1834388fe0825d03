// A block target that is a regular file: the image of a disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "apply/ports.h"
#include "sys/descriptor.h"

namespace cordwainer {

class BlockFile : public BlockTarget {
  public:
    // Opens an existing regular file for reading and writing. Its size does not change.
    [[nodiscard]] static Result<std::unique_ptr<BlockFile>> open(const std::filesystem::path& path,
                                                                 std::uint32_t sector_size = 512);

    [[nodiscard]] std::uint32_t sector_size() const override { return sector_size_; }

    Result<Bytes> read(std::uint64_t offset, std::size_t count) override;
    Result<void> write(std::uint64_t offset, ByteView bytes) override;
    Result<void> write_boot_sector(ByteView sector) override;

  private:
    BlockFile(Fd fd, std::string name, std::uint64_t size, std::uint32_t sector_size)
        : fd_(std::move(fd)), name_(std::move(name)), size_(size), sector_size_(sector_size) {}

    Fd fd_;
    std::string name_;
    std::uint64_t size_;
    std::uint32_t sector_size_;
};

}  // namespace cordwainer
