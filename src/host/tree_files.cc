#include "host/tree_files.h"

#include <utility>

namespace cordwainer {

Result<std::unique_ptr<TreeFiles>> TreeFiles::open(const std::filesystem::path& tree,
                                                   const std::string& path) {
    FilesBelow files = TRY(FilesBelow::open(tree, path));
    return std::unique_ptr<TreeFiles>(new TreeFiles(std::move(files)));
}

Result<std::optional<FileState>> TreeFiles::look(const RelPath& path) {
    const std::optional<FileStatus> status = TRY(files_.status(path));
    if (!status) return std::nullopt;
    // No stamp: an inventory inside an image must not depend on when and where it was built.
    return FileState{.size = status->size};
}

Result<std::optional<Bytes>> TreeFiles::read(const RelPath& path) {
    return files_.read(path);
}

Result<std::optional<Digest>> TreeFiles::digest(const RelPath& path) {
    return files_.digest(path);
}

Result<void> TreeFiles::check_place(const RelPath& path) {
    return files_.check_place(path);
}

Result<void> TreeFiles::write(const RelPath& path, ByteView bytes) {
    return files_.write(path, bytes);
}

Result<void> TreeFiles::stage(const RelPath& path,
                              const std::filesystem::path& from,
                              const Digest& digest) {
    return files_.copy(path, from, digest);
}

Result<void> TreeFiles::replace(const RelPath& path,
                                const std::filesystem::path& from,
                                const Digest& digest) {
    // By way of another name, since `from` may be the file that is there.
    const RelPath temporary = TRY(RelPath::parse(path.text() + ".new"));
    TRY_VOID(files_.copy(temporary, from, digest));
    return files_.rename(temporary, path, 0);
}

Result<void> TreeFiles::remove(const RelPath& path) {
    return files_.remove(path);
}

Result<void> TreeFiles::settle() {
    return {};
}

Result<std::optional<FreeSpace>> TreeFiles::free_space() {
    return std::nullopt;
}

}  // namespace cordwainer
