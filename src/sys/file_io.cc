#include "sys/file_io.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "sys/interrupt.h"

namespace cordwainer {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10U;

// read(2) again after signals, unless they ask to stop; 0 at the end of the file.
Result<std::size_t> read_some(const Fd& fd, std::span<std::byte> buffer, const std::string& name) {
    while (true) {
        if (stop_requested()) return stopped();
        const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno != EINTR) return file_error(errno, "read " + name);
    }
}

Error too_long(const std::string& name, std::uint64_t limit) {
    return {Errc::invalid_input, name + " is longer than " + std::to_string(limit) + " bytes"};
}

// Size of a regular file; 0 where it is not known before reading (a pipe, /proc).
std::uint64_t expected_size(const Fd& fd) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0 || status.st_size < 0) return 0;
    return static_cast<std::uint64_t>(status.st_size);
}

// A buffer for one pass over a file: no larger than the file needs.
std::vector<std::byte> piece_for(const Fd& fd) {
    const std::uint64_t size = expected_size(fd);
    if (size == 0) return std::vector<std::byte>(kPiece);
    return std::vector<std::byte>(
        static_cast<std::size_t>(std::min<std::uint64_t>(size + 1, kPiece)));
}

// As read_rest, into bytes or a string.
template <class Buffer>
Result<Buffer> read_all(const Fd& fd, const std::string& name, std::uint64_t limit) {
    const std::uint64_t expected = expected_size(fd);
    if (expected > limit) return too_long(name, limit);
    constexpr std::size_t kUnknown = 4096;  // where it is not known, or nothing is there
    Buffer bytes;
    // One more, to see the end.
    bytes.resize(expected == 0 ? kUnknown : static_cast<std::size_t>(expected) + 1);
    std::size_t used = 0;
    while (true) {
        if (used == bytes.size()) bytes.resize(bytes.size() * 2);
        const auto rest = std::as_writable_bytes(std::span(bytes)).subspan(used);
        const std::size_t n = TRY(read_some(fd, rest, name));
        if (n == 0) break;
        used += n;
        if (used > limit) return too_long(name, limit);
    }
    bytes.resize(used);
    return bytes;
}

}  // namespace

Result<Bytes> read_rest(const Fd& fd, const std::string& name, std::uint64_t limit) {
    return read_all<Bytes>(fd, name, limit);
}

Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t limit) {
    const Fd fd = TRY(open_file(path, O_RDONLY));
    return read_rest(fd, path.string(), limit);
}

Result<std::string> read_text_file(const std::filesystem::path& path, std::uint64_t limit) {
    const Fd fd = TRY(open_file(path, O_RDONLY));
    return read_all<std::string>(fd, path.string(), limit);
}

Result<void> write_all(const Fd& fd, ByteView bytes, const std::string& name) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_error(errno, "write " + name);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Result<void> write_at(const Fd& fd, std::uint64_t offset, ByteView bytes, const std::string& name) {
    while (!bytes.empty()) {
        const ssize_t n =
            ::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_error(errno, "write " + name + " at byte " + std::to_string(offset));
        offset += static_cast<std::uint64_t>(n);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Result<Bytes> read_at(const Fd& fd,
                      std::uint64_t offset,
                      std::size_t count,
                      const std::string& name) {
    Bytes bytes(count);
    std::size_t used = 0;
    while (used < count) {
        const ssize_t n =
            ::pread(fd.get(), bytes.data() + used, count - used, static_cast<off_t>(offset + used));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const int failed = errno;
            const std::string where = name + " at byte " + std::to_string(offset + used);
            if (n < 0) return file_error(failed, "read " + where);
            return Error(Errc::io, "read " + where + ": it ends there");
        }
        used += static_cast<std::size_t>(n);
    }
    return bytes;
}

Result<void> write_durably(const std::filesystem::path& path, ByteView bytes) {
    std::string temporary = path.string() + ".XXXXXX";
    Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd) return file_error(errno, "make a temporary file beside " + path.string());
    const auto write = [&]() -> Result<void> {
        TRY_VOID(write_all(fd, bytes, temporary));
        // What umask would have given a file made by open.
        if (::fchmod(fd.get(), 0644) != 0 || ::fsync(fd.get()) != 0)
            return file_error(errno, "write " + temporary);
        TRY_VOID(fd.close(temporary));
        if (::rename(temporary.c_str(), path.c_str()) != 0)
            return file_error(errno, "rename " + temporary + " to " + path.string());
        return {};
    };
    if (Result<void> done = write(); !done) {
        ::unlink(temporary.c_str());
        return done;
    }
    const std::filesystem::path parent = path.parent_path();
    return sync_directory(parent.empty() ? "." : parent);
}

Result<void> sync_directory(const std::filesystem::path& path) {
    const Fd fd = TRY(open_file(path, O_RDONLY | O_DIRECTORY));
    if (::fsync(fd.get()) != 0) return file_error(errno, "flush " + path.string());
    return {};
}

Result<CopiedBytes> copy_with_digest(const Fd& from,
                                     const std::string& from_name,
                                     const Fd& to,
                                     const std::string& to_name) {
    std::vector<std::byte> buffer = piece_for(from);
    Sha256 hash;
    CopiedBytes copied;
    while (true) {
        const std::size_t n = TRY(read_some(from, buffer, from_name));
        if (n == 0) break;
        const ByteView piece = std::span(buffer).first(n);
        hash.update(piece);
        TRY_VOID(write_all(to, piece, to_name));
        copied.size += n;
    }
    copied.digest = hash.finish();
    return copied;
}

Result<CopiedBytes> digest_rest(const Fd& fd, const std::string& name) {
    std::vector<std::byte> buffer = piece_for(fd);
    Sha256 hash;
    CopiedBytes read;
    while (true) {
        const std::size_t n = TRY(read_some(fd, buffer, name));
        if (n == 0) break;
        hash.update(std::span(buffer).first(n));
        read.size += n;
    }
    read.digest = hash.finish();
    return read;
}

Result<CopiedBytes> digest_file(const std::filesystem::path& path) {
    const Fd fd = TRY(open_file(path, O_RDONLY));
    return digest_rest(fd, path.string());
}

Result<TemporaryDirectory> TemporaryDirectory::make(const std::filesystem::path& parent,
                                                    const std::string& prefix) {
    std::filesystem::path place = parent;
    if (place.empty()) {
        const char* variable = std::getenv("TMPDIR");
        place = variable && *variable ? variable : "/tmp";
    }
    // Programs get its files' names, and run in other directories.
    std::error_code failed;
    const std::filesystem::path whole = std::filesystem::absolute(place, failed);
    if (failed) return file_error(failed.value(), "make a directory in " + place.string());
    std::string name = (whole / (prefix + "XXXXXX")).string();
    if (!::mkdtemp(name.data())) return file_error(errno, "make a directory in " + place.string());
    return TemporaryDirectory(std::move(name));
}

TemporaryDirectory::~TemporaryDirectory() {
    remove();
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryDirectory& TemporaryDirectory::operator=(TemporaryDirectory&& other) noexcept {
    if (this != &other) {
        remove();
        path_ = std::exchange(other.path_, {});
    }
    return *this;
}

void TemporaryDirectory::remove() noexcept {
    if (path_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace cordwainer
