#include "host/block_device.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <new>
#include <span>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

constexpr std::size_t kBootSector = 512;

// Memory that O_DIRECT takes: no disk asks for more than the alignment of a page.
class Buffer {
  public:
    explicit Buffer(std::size_t size) : bytes_(allocate(size), size) {}

    ~Buffer() { ::operator delete(bytes_.data(), kAlignment); }

    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    Buffer(Buffer&&) = delete;
    Buffer& operator=(Buffer&&) = delete;

    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

  private:
    static constexpr std::align_val_t kAlignment{4096};

    static std::byte* allocate(std::size_t size) {
        return static_cast<std::byte*>(::operator new(size, kAlignment));
    }

    std::span<std::byte> bytes_;
};

// The whole sectors that a range of bytes touches.
struct Sectors {
    std::uint64_t offset = 0;  // bytes
    std::size_t size = 0;      // bytes
    std::size_t before = 0;    // bytes of them in front of the range
};

Sectors sectors_of(std::uint64_t offset, std::size_t count, std::uint32_t sector_size) {
    const std::size_t before = offset % sector_size;
    const std::size_t whole = (before + count + sector_size - 1) / sector_size * sector_size;
    return {.offset = offset - before, .size = whole, .before = before};
}

Result<void> read_sectors(const Fd& fd,
                          std::uint64_t offset,
                          std::span<std::byte> to,
                          const std::string& name) {
    while (!to.empty()) {
        const ssize_t n = ::pread(fd.get(), to.data(), to.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const int failed = errno;
            const std::string what = "read " + name + " at byte " + std::to_string(offset);
            if (n < 0) return file_error(failed, what);
            return Error(Errc::io, what + ": it ends there");
        }
        offset += static_cast<std::uint64_t>(n);
        to = to.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Result<std::uint64_t> size_of(const Fd& fd, const std::string& name) {
    std::uint64_t size = 0;
    if (::ioctl(fd.get(), BLKGETSIZE64, &size) != 0)
        return file_error(errno, "ask for the size of " + name);
    return size;
}

Result<std::uint32_t> sector_size_of(const Fd& fd, const std::string& name) {
    int size = 0;
    if (::ioctl(fd.get(), BLKSSZGET, &size) != 0)
        return file_error(errno, "ask for the sector size of " + name);
    if (size <= 0 || kBootSector > static_cast<std::size_t>(size))
        return Error(Errc::unsupported,
                     name + " has sectors of " + std::to_string(size) + " bytes");
    return static_cast<std::uint32_t>(size);
}

}  // namespace

Result<std::unique_ptr<BlockDevice>> BlockDevice::open(const std::filesystem::path& node) {
    const std::string name = node.string();
    // O_NONBLOCK: a pipe of that name must not hold the program up before it is refused. Without
    // O_DIRECT at first: what is no block device may not have it.
    Fd fd = TRY(open_file(node, O_RDWR | O_NONBLOCK));
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return file_error(errno, "look at " + name);
    if (!S_ISBLK(status.st_mode)) return Error(Errc::refused, name + " is not a block device");
    if (::fcntl(fd.get(), F_SETFL, O_DIRECT) != 0)
        return file_error(errno, "read and write " + name + " past the page cache");
    const std::uint64_t size = TRY(size_of(fd, name));
    const std::uint32_t sector_size = TRY(sector_size_of(fd, name));
    return std::unique_ptr<BlockDevice>(new BlockDevice(std::move(fd), name, size, sector_size));
}

Result<Bytes> BlockDevice::read(std::uint64_t offset, std::size_t count) {
    if (offset > size_ || count > size_ - offset) {
        return Error(Errc::io,
                     "read " + name_ + " at byte " + std::to_string(offset) + ": it ends at byte " +
                         std::to_string(size_));
    }
    const Sectors sectors = sectors_of(offset, count, sector_size_);
    const Buffer buffer(sectors.size);
    TRY_VOID(read_sectors(fd_, sectors.offset, buffer.bytes(), name_));
    const auto there = buffer.bytes().subspan(sectors.before, count);
    return Bytes(there.begin(), there.end());
}

Result<void> BlockDevice::write(std::uint64_t offset, ByteView bytes) {
    if (offset > size_ || bytes.size() > size_ - offset) {
        return Error(Errc::io,
                     "write " + name_ + " at byte " + std::to_string(offset) +
                         ": it ends at byte " + std::to_string(size_));
    }
    const Sectors sectors = sectors_of(offset, bytes.size(), sector_size_);
    const Buffer buffer(sectors.size);
    if (sectors.size != bytes.size())
        TRY_VOID(read_sectors(fd_, sectors.offset, buffer.bytes(), name_));
    std::ranges::copy(bytes, buffer.bytes().begin() + static_cast<std::ptrdiff_t>(sectors.before));
    TRY_VOID(write_at(fd_, sectors.offset, buffer.bytes(), name_));
    // O_DIRECT goes to the disk, but perhaps no further than its own cache: fsync flushes that.
    if (::fsync(fd_.get()) != 0) return file_error(errno, "flush " + name_);
    // There is no cache of ours to drop: this reads the disk.
    const Bytes there = TRY(read(offset, bytes.size()));
    if (std::ranges::equal(there, bytes)) return {};
    return Error(Errc::corrupt,
                 name_ + " does not give back what was written at byte " + std::to_string(offset) +
                     ": the disk may be bad");
}

// The caller has taken the partition table from LBA 0 directly before. One sector is one write, so
// that a disk has the old one or the new one; where a sector is longer than the boot sector, the
// rest of it is read anew and kept.
Result<void> BlockDevice::write_boot_sector(ByteView sector) {
    if (sector.size() != kBootSector) {
        return Error(Errc::invalid_input,
                     "a boot sector has 512 bytes, not " + std::to_string(sector.size()));
    }
    return write(0, sector);
}

}  // namespace cordwainer
