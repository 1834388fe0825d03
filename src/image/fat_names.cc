#include "image/fat_names.h"

#include <map>

#include "formats/fat_names.h"

namespace cordwainer::image {
namespace {

void check_directory(const Node& directory,
                     const std::string& path,
                     std::vector<std::string>& problems) {
    std::map<std::string, std::string> seen;
    for (const auto& [name, node] : directory.children) {
        const std::string here = path + "/" + name;
        if (const auto wrong = wrong_fat_name(name)) problems.push_back(here + ": " + *wrong);
        const auto [other, fresh] = seen.emplace(fat_name_key(name), name);
        if (!fresh) {
            problems.push_back(here + ": for FAT this is the same name as \"" + other->second +
                               "\"");
        }
        constexpr std::uint64_t kLargestFile = 0xffffffff;
        if (node.kind == Node::Kind::symlink) {
            problems.push_back(here + ": FAT has no symbolic links");
        } else if (node.kind != Node::Kind::file && !node.is_directory()) {
            problems.push_back(here + ": FAT has no devices and pipes");
        } else if (node.size > kLargestFile) {
            problems.push_back(here + ": FAT has no files of 4 GiB and more");
        }
        if (node.is_directory()) check_directory(node, here, problems);
    }
}

}  // namespace

std::vector<std::string> check_fat_tree(const Node& root) {
    std::vector<std::string> problems;
    check_directory(root, "", problems);
    return problems;
}

}  // namespace cordwainer::image
