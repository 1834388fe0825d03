#include "host/host_contents.h"

#include <fcntl.h>
#include <string>
#include <system_error>
#include <variant>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

Result<std::filesystem::path> on_machine(const std::filesystem::path& path, const char* what) {
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) return path;
    return Error(Errc::not_found, std::string(what) + " " + path.string() + " is not there");
}

// The links of a system's path lead below its root, so the path as it is opened there is asked for,
// rather than put together from names.
Result<std::filesystem::path> in_system(const Root& system, const std::string& path) {
    const Fd fd = TRY(system.open_file(path, O_PATH));
    std::error_code error;
    std::filesystem::path place =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd.get()), error);
    if (error) return file_error(error.value(), "resolve " + system.outside(path));
    return on_machine(place, "the system's file");
}

}  // namespace

Result<std::filesystem::path> HostContents::locate(const RealisedSource& source) {
    if (const auto* object = std::get_if<ObjectRef>(&source))
        return on_machine(state_ / "objects" / object->digest.hex(), "the object");
    const HostFile& file = std::get<HostFile>(source);
    if (file.base == HostFile::Base::machine) return on_machine(file.path, "the machine's file");
    return in_system(system_, file.path);
}

Result<Bytes> HostContents::read(const RealisedSource& source) {
    const std::filesystem::path path = TRY(locate(source));
    Bytes bytes = TRY(read_file(path));
    if (sha256(bytes) != digest_of(source)) {
        return Error(Errc::corrupt,
                     path.string() + " does not have the SHA-256 " + digest_of(source).hex());
    }
    return bytes;
}

}  // namespace cordwainer
