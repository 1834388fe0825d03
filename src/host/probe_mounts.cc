#include "host/probe_mounts.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <sys/sysmacros.h>
#include <system_error>
#include <utility>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

// Takes the part of `text` before the next `separator`, and that.
std::string_view take(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

template <class T>
bool take_number(std::string_view& text, char separator, T& number) {
    const std::string_view digits = take(text, separator);
    const char* end = digits.data() + digits.size();
    const auto [stop, failed] = std::from_chars(digits.data(), end, number);
    return failed == std::errc() && stop == end;
}

// The character of three octal digits; nothing where they are none.
std::optional<char> octal(std::string_view digits) {
    constexpr unsigned kMost = 0377;
    unsigned code = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, failed] = std::from_chars(digits.data(), end, code, 8);
    if (digits.size() != 3 || failed != std::errc() || stop != end || code > kMost) {
        return std::nullopt;
    }
    return static_cast<char>(code);
}

// A field of a mount table: blanks, line breaks and backslashes in it are written as a backslash
// and three octal digits (proc_pid_mountinfo(5), fstab(5)).
std::string unescaped(std::string_view field) {
    std::string text;
    while (!field.empty()) {
        const char c = field.front();
        field.remove_prefix(1);
        const auto code = c == '\\' ? octal(field.substr(0, 3)) : std::nullopt;
        text += code.value_or(c);
        if (code) field.remove_prefix(3);
    }
    return text;
}

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw" (proc_pid_mountinfo(5)): of the
// fields before the hyphen there may be more. Nothing where it is no such line.
std::optional<Mount> parse_mount(std::string_view line) {
    Mount mount;
    unsigned major = 0;
    unsigned minor = 0;
    if (!take_number(line, ' ', mount.id) || !take_number(line, ' ', mount.parent) ||
        !take_number(line, ':', major) || !take_number(line, ' ', minor)) {
        return std::nullopt;
    }
    mount.device = makedev(major, minor);
    mount.directory = unescaped(take(line, ' '));
    mount.mount_point = unescaped(take(line, ' '));
    constexpr std::string_view kHyphen = " - ";
    const std::size_t hyphen = line.find(kHyphen);
    if (hyphen == std::string_view::npos) return std::nullopt;
    line.remove_prefix(hyphen + kHyphen.size());
    mount.type = unescaped(take(line, ' '));
    mount.source = unescaped(take(line, ' '));
    return mount;
}

// The second field of a line of fstab(5); "" where it is a comment, or has none.
std::string intended_mount_point(std::string_view line) {
    constexpr std::string_view kBlanks = " \t";
    const auto skip = [&](std::size_t end) { line.remove_prefix(std::min(end, line.size())); };
    skip(line.find_first_not_of(kBlanks));
    if (line.starts_with('#')) return "";
    skip(line.find_first_of(kBlanks));
    skip(line.find_first_not_of(kBlanks));
    return unescaped(line.substr(0, line.find_first_of(kBlanks)));
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
    MountTable table;
    for (std::string_view rest = text; !rest.empty();) {
        std::optional<Mount> mount = parse_mount(take(rest, '\n'));
        if (!mount) return Error(Errc::corrupt, mountinfo.string() + " is no mount table");
        table.mounts_.push_back(*std::move(mount));
    }
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
    for (std::string_view rest = *text; !rest.empty();) {
        const std::string target = intended_mount_point(take(rest, '\n'));
        if (target.starts_with('/') && without_slashes_at_end(target) != "/")
            found.push_back(without_slashes_at_end(target));
    }
    return found;
}

}  // namespace cordwainer
