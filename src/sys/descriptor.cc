#include "sys/descriptor.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace cordwainer {

Fd::~Fd() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        if (descriptor_ >= 0) ::close(descriptor_);
        descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
}

Result<void> Fd::close(const std::string& what) {
    // Linux has released the descriptor even where close fails with EINTR.
    if (descriptor_ >= 0 && ::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR)
        return file_error(errno, "close " + what);
    return {};
}

Error file_error(int err, std::string note) {
    Error error = system_error(err, std::move(note));
    if (err == ENOENT || err == ENOTDIR) error.code = Errc::not_found;
    if (err == ENOSPC || err == EDQUOT) error.code = Errc::no_space;
    return error;
}

Result<Fd> open_file(const std::filesystem::path& path, int flags, mode_t mode) {
    while (true) {
        Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
        if (fd) return fd;
        if (errno == EINTR) continue;
        return file_error(errno, "open " + path.string());
    }
}

}  // namespace cordwainer
