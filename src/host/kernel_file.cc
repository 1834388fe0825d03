#include "host/kernel_file.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <unistd.h>

#include "core/bytes.h"
#include "formats/linux_image.h"

namespace cordwainer {
namespace {

Result<Bytes> read_piece(const Fd& fd,
                         const std::string& name,
                         std::uint64_t offset,
                         std::size_t size) {
    Bytes bytes(size);
    std::size_t used = 0;
    while (used < size) {
        const ssize_t n =
            ::pread(fd.get(), bytes.data() + used, size - used, static_cast<off_t>(offset + used));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_error(errno, "read " + name);
        if (n == 0) break;
        used += static_cast<std::size_t>(n);
    }
    bytes.resize(used);
    return bytes;
}

}  // namespace

Result<std::optional<std::string>> kernel_version_of(const Fd& file, const std::string& name) {
    return kernel_version([&](std::uint64_t offset, std::size_t size) {
        return read_piece(file, name, offset, size);
    });
}

}  // namespace cordwainer
