#include "image/cpio.h"

#include <fmt/format.h>

namespace cordwainer::image {
namespace {

constexpr std::uint32_t kDirectory = 040755;
constexpr std::uint32_t kRegular = 0100000;

void append(Bytes& archive, ByteView bytes) {
    archive.insert(archive.end(), bytes.begin(), bytes.end());
    constexpr std::size_t kAlignment = 4;
    while (archive.size() % kAlignment != 0) archive.push_back(std::byte{0});
}

}  // namespace

void Cpio::add_file(const std::string& path, std::uint32_t mode, ByteView content) {
    add_directory(path.substr(0, path.rfind('/')));
    add(path, kRegular | mode, content);
}

void Cpio::add_directory(const std::string& path) {
    if (path.empty() || !directories_.insert(path).second) return;
    add_directory(path.substr(0, path.rfind('/')));
    add(path, kDirectory, {});
}

void Cpio::add(const std::string& path, std::uint32_t mode, ByteView content) {
    const std::string name = path.starts_with('/') ? path.substr(1) : path;
    // Magic, inode, mode, uid, gid, links, date, size, device (2), special device (2), length of
    // the name with its NUL, checksum: eight hexadecimal digits each.
    std::string header = fmt::format(
        "070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}",
        ++inode_,
        mode,
        0,
        0,
        1,
        0,
        content.size(),
        0,
        0,
        0,
        0,
        name.size() + 1,
        0);
    header += name;
    header += '\0';
    append(archive_, as_bytes(header));
    append(archive_, content);
}

Bytes Cpio::finish() {
    add("TRAILER!!!", 0, {});
    return std::move(archive_);
}

}  // namespace cordwainer::image
