#include "host/remove_generation.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include "core/sha256.h"
#include "host/generation_names.h"
#include "host/native_generations.h"

namespace cordwainer {
namespace {

// A generation's directory on its way out; no reader of generations looks at such a name.
constexpr std::string_view kOldPrefix = ".old-";

// A path's directory, opened, and the name in it.
struct LinkPlace {
    Fd directory;
    std::string parent;
    std::string name;
};

Result<LinkPlace> open_place(const Root& root, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    LinkPlace place{
        .directory = {}, .parent = path.substr(0, slash + 1), .name = path.substr(slash + 1)};
    place.directory = TRY(root.open_file(place.parent, O_RDONLY | O_DIRECTORY));
    return place;
}

Result<void> flush(const Root& root, const LinkPlace& place) {
    if (::fsync(place.directory.get()) == 0) return {};
    return file_error(errno, "flush " + root.outside(place.parent));
}

// An entry of an open directory as a path that no link can lead astray.
std::filesystem::path path_in(const Fd& directory, const std::string& name) {
    return "/proc/self/fd/" + std::to_string(directory.get()) + "/" + name;
}

Result<void> remove_tree(const Root& root, const LinkPlace& place, const std::string& name) {
    std::error_code error;
    std::filesystem::remove_all(path_in(place.directory, name), error);
    if (error) return file_error(error.value(), "remove " + root.outside(place.parent + name));
    return flush(root, place);
}

Error replaced(const GenerationId& id) {
    return {Errc::refused,
            "generation " + std::to_string(id.number) +
                " is another one by now, and is not removed: run the command again"};
}

// The profile's link `path`.
Result<void> remove_generation_link(const Root& root,
                                    const std::string& path,
                                    const GenerationId& id) {
    const LinkPlace place = TRY(open_place(root, path));
    const Result<std::string> text = root.read_link(path);
    if (!text) return text.error();
    const std::string target = (text->starts_with('/') ? "" : place.parent) + *text;
    if (target != id.identity) {
        const Result<std::string> end = root.follow(target);
        if (!end || *end != id.identity) return replaced(id);
    }
    if (::unlinkat(place.directory.get(), place.name.c_str(), 0) != 0 && errno != ENOENT) {
        return file_error(errno, "remove " + root.outside(path));
    }
    return flush(root, place);
}

// It loses its number at once, and then its files.
Result<void> remove_generation_directory(const Root& root,
                                         const std::string& path,
                                         const GenerationId& id) {
    const LinkPlace place = TRY(open_place(root, path));
    const std::string text = TRY(root.read(path + "/" + kBootJsonName));
    if (sha256(text).hex() != id.identity) return replaced(id);
    const std::string old = std::string(kOldPrefix) + place.name;
    TRY_VOID(remove_tree(root, place, old));
    const int directory = place.directory.get();
    if (::renameat(directory, place.name.c_str(), directory, old.c_str()) != 0) {
        return file_error(errno, "remove " + root.outside(path));
    }
    TRY_VOID(flush(root, place));
    return remove_tree(root, place, old);
}

std::uint64_t bytes_below(const std::filesystem::path& directory) {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator entry(directory, error), end;
         !error && entry != end;
         entry.increment(error)) {
        std::error_code unknown;
        const std::uint64_t size = entry->is_regular_file(unknown) ? entry->file_size(unknown) : 0;
        if (!unknown) bytes += size;
    }
    return bytes;
}

}  // namespace

Result<void> remove_generation(const Root& root,
                               const GenerationsRequest& request,
                               const GenerationId& id) {
    const std::string path = TRY(generation_directory(root, request, id.number));
    const auto status = TRY(root.link_status(path));
    if (!status) return {};
    const auto remove = status->kind == FileKind::symbolic_link ? remove_generation_link
                                                                : remove_generation_directory;
    return remove(root, path, id).with_context("remove generation " + std::to_string(id.number));
}

Result<std::vector<RemovalLeftover>> removal_leftovers(const Root& root,
                                                       const GenerationsRequest& request) {
    std::vector<RemovalLeftover> leftovers;
    const std::string directory = request.state + "/" + kGenerationsDirectory;
    const Result<Fd> opened = root.open_file(directory, O_RDONLY | O_DIRECTORY);
    if (!opened && opened.error().code == Errc::not_found) return leftovers;
    if (!opened) return opened.error();
    const std::vector<DirectoryEntry> entries = TRY(root.list(directory));
    for (const DirectoryEntry& entry : entries) {
        const std::string_view name = entry.name;
        if (!name.starts_with(kOldPrefix) || !generation_number(name.substr(kOldPrefix.size()))) {
            continue;
        }
        leftovers.push_back({.path = directory + "/" + entry.name,
                             .bytes = bytes_below(path_in(*opened, entry.name))});
    }
    return leftovers;
}

Result<void> remove_leftover(const Root& root, const std::string& path) {
    const LinkPlace place = TRY(open_place(root, path));
    return remove_tree(root, place, place.name);
}

}  // namespace cordwainer
