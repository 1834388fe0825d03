#include "image/tree.h"

#include <algorithm>

namespace cordwainer::image {
namespace {

// The first component of a path such as "/a/b", which is taken off.
std::string take_component(std::string_view& path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    const std::string component(path.substr(0, path.find('/')));
    path.remove_prefix(component.size());
    return component;
}

}  // namespace

Node made_directory(std::int64_t mtime) {
    Node node;
    node.mtime = mtime;
    return node;
}

Result<Node*> directory_at(Node& root,
                           const std::string& path,
                           std::int64_t mtime,
                           const std::string& root_name) {
    Node* node = &root;
    std::string_view rest = path;
    while (true) {
        if (!node->is_directory()) {
            const std::string there = path.substr(0, path.size() - rest.size());
            return Error{
                Errc::invalid_input,
                root_name + ": " + there +
                    (node->kind == Node::Kind::symlink ? " is a symbolic link to " + node->target +
                                                             "; name the directory that it leads to"
                                                       : " is not a directory")};
        }
        const std::string name = take_component(rest);
        if (name.empty()) return node;
        node = &node->children.try_emplace(name, made_directory(mtime)).first->second;
    }
}

Result<Node> take(Node& root,
                  const std::string& path,
                  std::int64_t mtime,
                  const std::string& root_name) {
    Node* place = TRY(directory_at(root, path, mtime, root_name));
    Node taken = std::move(*place);
    Node mount_point = made_directory(taken.mtime);
    mount_point.mode = taken.mode;
    mount_point.uid = taken.uid;
    mount_point.gid = taken.gid;
    *place = std::move(mount_point);
    return taken;
}

void remove(Node& root, const std::string& path) {
    Node* node = &root;
    std::string_view rest = path;
    std::string name = take_component(rest);
    while (!name.empty()) {
        const auto child = node->children.find(name);
        if (child == node->children.end()) return;
        name = take_component(rest);
        if (name.empty()) {
            node->children.erase(child);
        } else {
            node = &child->second;
        }
    }
}

Result<void> overlay(Node& base, Node&& over, const std::string& path) {
    for (auto& [name, node] : over.children) {
        const auto [place, fresh] = base.children.try_emplace(name);
        if (fresh) {
            place->second = std::move(node);
            continue;
        }
        const std::string here = path + "/" + name;
        if (place->second.is_directory() != node.is_directory()) {
            return Error{Errc::invalid_input,
                         here + ": a directory and something else are to be there; leave one out"};
        }
        if (node.is_directory()) {
            place->second.grows |= node.grows;
            TRY_VOID(overlay(place->second, std::move(node), here));
        } else {
            place->second = std::move(node);
        }
    }
    return {};
}

namespace {

void walk_below(const Node& directory,
                const std::string& path,
                const std::function<void(const std::string&, const Node&)>& visit) {
    for (const auto& [name, node] : directory.children) {
        const std::string here = path + "/" + name;
        visit(here, node);
        walk_below(node, here, visit);
    }
}

}  // namespace

void walk(const Node& root,
          const std::function<void(const std::string& path, const Node&)>& visit) {
    walk_below(root, "", visit);
}

std::string host_path(const Node& file, const std::string& name) {
    return *file.host_directory + "/" + name;
}

}  // namespace cordwainer::image
