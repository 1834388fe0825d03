#include "sys/replace_link.h"

#include <cerrno>
#include <unistd.h>

namespace cordwainer {

Result<void> replace_link(const Root& root, std::string_view path, const std::string& text) {
    const std::size_t slash = path.rfind('/');
    const std::string directory(slash == std::string_view::npos ? "/" : path.substr(0, slash + 1));
    const std::string name(path.substr(slash + 1));  // npos + 1 is 0
    const std::string next = "." + name + ".cordwainer";
    const std::string shown = root.outside(path);
    const auto before = TRY(root.link_status(path));
    if (before && before->kind != FileKind::symbolic_link) {
        return Error(Errc::refused, shown + " is no symbolic link");
    }
    const Fd parent = TRY(root.open_file(directory, O_RDONLY | O_DIRECTORY));
    if (::unlinkat(parent.get(), next.c_str(), 0) != 0 && errno != ENOENT) {
        return file_error(errno, "remove " + root.outside(directory) + next);
    }
    if (::symlinkat(text.c_str(), parent.get(), next.c_str()) != 0 ||
        ::renameat(parent.get(), next.c_str(), parent.get(), name.c_str()) != 0) {
        const int failed = errno;
        ::unlinkat(parent.get(), next.c_str(), 0);
        return file_error(failed, "make the link " + shown);
    }
    if (::fsync(parent.get()) != 0) return file_error(errno, "flush " + root.outside(directory));
    return {};
}

}  // namespace cordwainer
