#include "host/probe_mounts.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <libmount/libmount.h>
#include <memory>
#include <set>
#include <utility>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

using Table = std::unique_ptr<libmnt_table, decltype(&::mnt_unref_table)>;
using Iterator = std::unique_ptr<libmnt_iter, decltype(&::mnt_free_iter)>;
using Stream = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

std::string text_or_empty(const char* text) {
    return text ? text : "";
}

// libmount recognises the notation by the first line.
Result<Table> parse_table(std::string text, const std::string& name) {
    Table table(::mnt_new_table(), &::mnt_unref_table);
    if (!table) return system_error(ENOMEM, "read " + name);
    if (text.empty()) return table;
    const Stream stream(::fmemopen(text.data(), text.size(), "r"), &std::fclose);
    if (!stream) return system_error(errno, "read " + name);
    if (const int failed = ::mnt_table_parse_stream(table.get(), stream.get(), name.c_str());
        failed != 0) {
        return Error(Errc::corrupt, name + " is no mount table");
    }
    return table;
}

// Calls `take` with each line.
template <class Take>
Result<void> for_each(const Table& table, Take take) {
    const Iterator iterator(::mnt_new_iter(MNT_ITER_FORWARD), &::mnt_free_iter);
    if (!iterator) return system_error(ENOMEM, "read a mount table");
    libmnt_fs* line = nullptr;
    while (::mnt_table_next_fs(table.get(), iterator.get(), &line) == 0) take(line);
    return {};
}

}  // namespace

std::string without_slashes_at_end(std::string path) {
    path = std::filesystem::path("/" + path).lexically_normal().string();
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

bool lies_in(const std::string& path, const std::string& directory) {
    return directory == "/" || path == directory || path.starts_with(directory + "/");
}

std::string below(const std::string& path, const std::string& directory) {
    if (path == directory) return "";
    return directory == "/" ? path : path.substr(directory.size());
}

Result<MountTable> MountTable::read(const std::filesystem::path& mountinfo) {
    const std::string text = TRY(read_text_file(mountinfo));
    const Table lines = TRY(parse_table(text, mountinfo.string()));
    MountTable table;
    TRY_VOID(for_each(lines, [&table](libmnt_fs* line) {
        table.mounts_.push_back({.id = ::mnt_fs_get_id(line),
                                 .parent = ::mnt_fs_get_parent_id(line),
                                 .device = ::mnt_fs_get_devno(line),
                                 .directory = text_or_empty(::mnt_fs_get_root(line)),
                                 .mount_point = text_or_empty(::mnt_fs_get_target(line)),
                                 .type = text_or_empty(::mnt_fs_get_fstype(line)),
                                 .source = text_or_empty(::mnt_fs_get_source(line))});
    }));
    return table;
}

const Mount* MountTable::of(const std::string& path) const {
    std::set<int> ids;
    for (const Mount& mount : mounts_) ids.insert(mount.id);
    // As the kernel walks: from the root, whose parent this process does not see, into the mount on
    // it that comes first on the way. That is the shortest, since what was mounted further below
    // before is hidden by it.
    const Mount* here = nullptr;
    for (std::size_t i = 0; i <= mounts_.size(); ++i) {
        const Mount* next = nullptr;
        for (const Mount& mount : mounts_) {
            const bool on_the_way = mount.id != mount.parent &&
                                    (here ? mount.parent == here->id : !ids.contains(mount.parent));
            if (!on_the_way || !lies_in(path, mount.mount_point)) continue;
            if (!next || mount.mount_point.size() < next->mount_point.size()) next = &mount;
        }
        if (!next) break;
        here = next;
    }
    return here;
}

std::vector<const Mount*> MountTable::visible() const {
    std::vector<const Mount*> found;
    for (const Mount& mount : mounts_) {
        if (of(mount.mount_point) == &mount) found.push_back(&mount);
    }
    std::ranges::sort(found, {}, [](const Mount* mount) { return mount->mount_point; });
    return found;
}

Result<std::vector<std::string>> intended_mount_points(const Root& system) {
    constexpr const char* kFstab = "/etc/fstab";
    std::vector<std::string> found;
    const Result<std::string> text = system.read(kFstab);
    if (!text && text.error().code == Errc::not_found) return found;
    if (!text) return text.error();
    const Table lines = TRY(parse_table(*text, system.outside(kFstab)));
    TRY_VOID(for_each(lines, [&found](libmnt_fs* line) {
        const std::string target = text_or_empty(::mnt_fs_get_target(line));
        if (target.starts_with('/') && without_slashes_at_end(target) != "/")
            found.push_back(without_slashes_at_end(target));
    }));
    return found;
}

}  // namespace cordwainer
