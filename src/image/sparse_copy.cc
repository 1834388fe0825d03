#include "image/sparse_copy.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "sys/file_io.h"

namespace cordwainer::image {
namespace {

constexpr std::uint64_t kCopyPiece = 1U << 20U;

Result<void> copy_range(const Fd& from,
                        const std::filesystem::path& from_name,
                        const Fd& to,
                        const std::filesystem::path& to_name,
                        std::uint64_t start,
                        std::uint64_t end,
                        std::uint64_t offset) {
    while (start < end) {
        const std::uint64_t count = std::min(kCopyPiece, end - start);
        const Bytes piece = TRY(read_at(from, start, count, from_name.string()));
        TRY_VOID(write_at(to, offset + start, piece, to_name.string()));
        start += count;
    }
    return {};
}

}  // namespace

Result<void> copy_sparse(const std::filesystem::path& from,
                         std::uint64_t size,
                         const std::filesystem::path& to,
                         std::uint64_t offset) {
    const Fd source = TRY(open_file(from, O_RDONLY));
    Fd target = TRY(open_file(to, O_WRONLY));
    off_t position = 0;
    while (static_cast<std::uint64_t>(position) < size) {
        const off_t start = ::lseek(source.get(), position, SEEK_DATA);
        if (start < 0 && errno == ENXIO) break;
        if (start < 0) return file_error(errno, from.string());
        position = ::lseek(source.get(), start, SEEK_HOLE);
        if (position < 0) return file_error(errno, from.string());
        TRY_VOID(copy_range(source,
                            from,
                            target,
                            to,
                            std::min(static_cast<std::uint64_t>(start), size),
                            std::min(static_cast<std::uint64_t>(position), size),
                            offset));
    }
    return target.close(to.string());
}

Result<void> make_sparse(const std::filesystem::path& path, std::uint64_t size, mode_t mode) {
    Fd fd = TRY(open_file(path, O_WRONLY | O_CREAT | O_EXCL, mode));
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
        return file_error(errno, path.string());
    return fd.close(path.string());
}

}  // namespace cordwainer::image
