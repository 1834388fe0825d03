#include "host/block_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file_io.h"

namespace cordwainer {

Result<std::unique_ptr<BlockFile>> BlockFile::open(const std::filesystem::path& path,
                                                   std::uint32_t sector_size) {
    Fd fd = TRY(open_file(path, O_RDWR));
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return file_error(errno, "look at " + path.string());
    if (!S_ISREG(status.st_mode))
        return Error(Errc::refused, path.string() + " is not a regular file");
    return std::unique_ptr<BlockFile>(new BlockFile(
        std::move(fd), path.string(), static_cast<std::uint64_t>(status.st_size), sector_size));
}

Result<Bytes> BlockFile::read(std::uint64_t offset, std::size_t count) {
    return read_at(fd_, offset, count, name_);
}

Result<void> BlockFile::write(std::uint64_t offset, ByteView bytes) {
    if (offset > size_ || bytes.size() > size_ - offset) {
        return Error(Errc::io,
                     "write " + name_ + " at byte " + std::to_string(offset) +
                         ": it ends at byte " + std::to_string(size_));
    }
    TRY_VOID(write_at(fd_, offset, bytes, name_));
    // The image is made durable once, when it is complete; here the page cache is the medium.
    const Bytes there = TRY(read_at(fd_, offset, bytes.size(), name_));
    if (!std::ranges::equal(there, bytes)) {
        return Error(
            Errc::corrupt,
            name_ + " does not give back what was written at byte " + std::to_string(offset));
    }
    return {};
}

Result<void> BlockFile::write_boot_sector(ByteView sector) {
    return write(0, sector);
}

}  // namespace cordwainer
