#include "image/write_tree.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/sparse_copy.h"
#include "sys/descriptor.h"

namespace cordwainer::image {
namespace {

Result<void> checked(int result, const std::string& path) {
    return result == 0 ? Result<void>() : file_error(errno, path);
}

// Owner first: changing it clears the set-id bits.
Result<void> set_fields(const Node& node, const std::string& path) {
    if (::geteuid() == 0) TRY_VOID(checked(::lchown(path.c_str(), node.uid, node.gid), path));
    if (node.kind != Node::Kind::symlink) {
        TRY_VOID(checked(::chmod(path.c_str(), node.mode), path));
    }
    for (const Attribute& attribute : node.attributes) {
        TRY_VOID(checked(::lsetxattr(path.c_str(),
                                     attribute.name.c_str(),
                                     attribute.value.data(),
                                     attribute.value.size(),
                                     0),
                         path + ": " + attribute.name));
    }
    const struct timespec date{.tv_sec = node.mtime, .tv_nsec = 0};
    const struct timespec dates[2] = {date, date};
    return checked(::utimensat(AT_FDCWD, path.c_str(), dates, AT_SYMLINK_NOFOLLOW), path);
}

Result<void> write_file(const Node& node, const std::string& name, const std::string& path) {
    {
        const Fd file = TRY(open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
        TRY_VOID(checked(::ftruncate(file.get(), static_cast<off_t>(node.size)), path));
    }
    return copy_sparse(host_path(node, name), node.size, path, 0);
}

Result<void> write_node(const Node& node, const std::string& name, const std::string& path);

Result<void> write_children(const Node& directory, const std::string& path) {
    for (const auto& [name, child] : directory.children) {
        TRY_VOID(write_node(child, name, path + "/" + name));
    }
    return {};
}

Result<void> write_node(const Node& node, const std::string& name, const std::string& path) {
    switch (node.kind) {
        case Node::Kind::directory:
            TRY_VOID(checked(::mkdir(path.c_str(), 0700), path));
            TRY_VOID(write_children(node, path));
            break;
        case Node::Kind::file:
            TRY_VOID(write_file(node, name, path));
            break;
        case Node::Kind::symlink:
            TRY_VOID(checked(::symlink(node.target.c_str(), path.c_str()), path));
            break;
        case Node::Kind::fifo:
            TRY_VOID(checked(::mkfifo(path.c_str(), 0600), path));
            break;
        case Node::Kind::character_device:
        case Node::Kind::block_device:
            return Error{Errc::unsupported, path + " is a device"};
    }
    return set_fields(node, path);
}

}  // namespace

bool can_write_tree(const Node& root) {
    const bool any_owner = ::geteuid() == 0;
    const auto can_write = [any_owner](const Node& node) {
        if (node.kind == Node::Kind::character_device || node.kind == Node::Kind::block_device) {
            return false;
        }
        const bool own = node.uid == ::geteuid() && node.gid == ::getegid();
        const bool plain = std::ranges::all_of(node.attributes, [](const Attribute& attribute) {
            return attribute.name.starts_with("user.");
        });
        return any_owner || (own && plain);
    };
    bool can = can_write(root);
    walk(root, [&](const std::string&, const Node& node) { can = can && can_write(node); });
    return can;
}

Result<void> write_tree(const Node& root, const std::filesystem::path& directory) {
    TRY_VOID(write_children(root, directory.string()));
    return set_fields(root, directory.string());
}

}  // namespace cordwainer::image
