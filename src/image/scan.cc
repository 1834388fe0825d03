#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/tree.h"
#include "sys/descriptor.h"

namespace cordwainer::image {
namespace {

// The longest attribute value that is read: Linux allows no longer one.
constexpr std::size_t kLongestValue = 65536;

class Scanner {
  public:
    Scanner(const ScanRules& rules, std::vector<std::string>& warnings)
        : rules_(rules), warnings_(warnings) {}

    Result<void> fill(Node& directory, const std::string& path) {
        const auto host_directory = std::make_shared<const std::string>(path);
        std::error_code error;
        std::filesystem::directory_iterator entries(path, error);
        const std::filesystem::directory_iterator end;
        for (; !error && entries != end; entries.increment(error)) {
            const std::string name = entries->path().filename().string();
            const std::string here = path + "/" + name;
            auto node = TRY(read(here, false));
            if (!node) continue;
            node->host_directory = node->kind == Node::Kind::file ? host_directory : nullptr;
            Node& place = directory.children[name];
            place = std::move(*node);
            if (place.is_directory()) TRY_VOID(fill(place, here));
        }
        if (error) return file_error(error.value(), path);
        return {};
    }

    // The node of what is at `path`; nothing for a socket.
    Result<std::optional<Node>> read(const std::string& path, bool follow) {
        struct stat info{};
        if ((follow ? ::stat(path.c_str(), &info) : ::lstat(path.c_str(), &info)) != 0) {
            return file_error(errno, path);
        }
        const auto kind = kind_of(info.st_mode);
        if (!kind) {
            warnings_.push_back(path + " is a socket and is left out");
            return std::optional<Node>();
        }
        Node node{.kind = *kind};
        node.mode = node.host_mode = info.st_mode & 07777U;
        node.uid = rules_.owner_root ? 0 : info.st_uid;
        node.gid = rules_.owner_root ? 0 : info.st_gid;
        node.mtime = std::min(info.st_mtim.tv_sec,
                              rules_.youngest.value_or(std::numeric_limits<std::int64_t>::max()));
        if (node.kind == Node::Kind::file) TRY_VOID(read_file(path, info, node));
        if (node.kind == Node::Kind::symlink) node.target = TRY(read_link(path));
        if (node.kind == Node::Kind::character_device || node.kind == Node::Kind::block_device) {
            node.major = major(info.st_rdev);
            node.minor = minor(info.st_rdev);
        }
        if (node.kind == Node::Kind::file || node.is_directory()) {
            TRY_VOID(read_attributes(path, node));
        }
        if (rules_.made_at) make_own(node);
        return std::optional(std::move(node));
    }

  private:
    static std::optional<Node::Kind> kind_of(mode_t mode) {
        if (S_ISDIR(mode)) return Node::Kind::directory;
        if (S_ISREG(mode)) return Node::Kind::file;
        if (S_ISLNK(mode)) return Node::Kind::symlink;
        if (S_ISFIFO(mode)) return Node::Kind::fifo;
        if (S_ISCHR(mode)) return Node::Kind::character_device;
        if (S_ISBLK(mode)) return Node::Kind::block_device;
        return std::nullopt;
    }

    void make_own(Node& node) const {
        node.uid = node.gid = 0;
        node.mtime = *rules_.made_at;
        node.attributes.clear();
        if (node.kind == Node::Kind::file) node.mode = 0644;
        node.grows = node.is_directory();
        if (node.grows) node.mode = 0755;
    }

    static Result<void> read_file(const std::string& path, const struct stat& info, Node& node) {
        node.size = node.data = static_cast<std::uint64_t>(info.st_size);
        if (info.st_nlink > 1) node.link = {info.st_dev, info.st_ino};
        constexpr std::uint64_t kStatBlock = 512;
        if (static_cast<std::uint64_t>(info.st_blocks) * kStatBlock < node.size) {
            node.data = TRY(data_in(path, node.size));
        }
        return {};
    }

    // The bytes outside of holes. A file system that knows no holes says: all of them.
    static Result<std::uint64_t> data_in(const std::string& path, std::uint64_t size) {
        const Fd file = TRY(open_file(path, O_RDONLY | O_NOFOLLOW));
        std::uint64_t data = 0;
        off_t hole = 0;
        while (static_cast<std::uint64_t>(hole) < size) {
            const off_t start = ::lseek(file.get(), hole, SEEK_DATA);
            if (start < 0 && errno == ENXIO) break;
            if (start >= 0) hole = ::lseek(file.get(), start, SEEK_HOLE);
            if (start < 0 || hole < start) return size;
            data += static_cast<std::uint64_t>(hole - start);
        }
        return std::min(data, size);
    }

    static Result<std::string> read_link(const std::string& path) {
        constexpr std::size_t kLongest = 4096;  // PATH_MAX
        std::string target(kLongest, '\0');
        const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
        if (size < 0) return file_error(errno, path);
        target.resize(static_cast<std::size_t>(size));
        return target;
    }

    static bool is_kept(std::string_view name) {
        return name == "security.capability" || name.starts_with("user.");
    }

    static Result<void> read_attributes(const std::string& path, Node& node) {
        std::array<char, 4096> few{};
        ssize_t size = ::llistxattr(path.c_str(), few.data(), few.size());
        if (size == 0 || (size < 0 && errno == ENOTSUP)) return {};
        std::string names(few.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        if (size < 0 && errno == ERANGE) {
            names.resize(kLongestValue);
            size = ::llistxattr(path.c_str(), names.data(), names.size());
            names.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        }
        if (size < 0) return file_error(errno, path + ": extended attributes");
        for (std::size_t start = 0; start < names.size();) {
            const std::string name = names.c_str() + start;
            start += name.size() + 1;
            if (!is_kept(name)) continue;
            std::string value(kLongestValue, '\0');
            const ssize_t length =
                ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
            if (length < 0) return file_error(errno, path + ": " + name);
            value.resize(static_cast<std::size_t>(length));
            node.attributes.push_back({.name = name, .value = std::move(value)});
        }
        std::ranges::sort(node.attributes, {}, &Attribute::name);
        return {};
    }

    const ScanRules& rules_;
    std::vector<std::string>& warnings_;
};

}  // namespace

Result<Node> scan(const std::filesystem::path& directory,
                  const ScanRules& rules,
                  std::vector<std::string>& warnings) {
    Scanner scanner(rules, warnings);
    auto root = TRY(scanner.read(directory.string(), true));
    if (!root || !root->is_directory()) {
        return Error{Errc::invalid_input, directory.string() + " is not a directory"};
    }
    TRY_VOID(scanner.fill(*root, directory.string()));
    return std::move(*root);
}

}  // namespace cordwainer::image
