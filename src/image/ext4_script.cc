#include "image/ext4_script.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "image/size_text.h"
#include "sys/file_io.h"

namespace cordwainer::image {
namespace {

// debugfs reads lines of at most this many bytes.
constexpr std::size_t kLongestLine = 8000;

// A part of the script copies at most about this much, and has at most about this many bytes.
constexpr std::uint64_t kPartBytes = 128 * kMiB;
constexpr std::size_t kPartScript = 1U << 20U;

// What a date of 32 bits can say; debugfs takes 0 as "now".
constexpr std::int64_t kFirstDate = 1;
constexpr std::int64_t kLastDate = 0x7fffffff;

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20) {
            result += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
        } else {
            result += c;
        }
    }
    return result;
}

// A name as an argument that debugfs looks up: it would take "<12>" for the number of an inode.
std::string in_directory(const std::string& name) {
    return "./" + name;
}

}  // namespace

Result<std::string> debugfs_quoted(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '\n' || c == '\r' || c == '\0') {
            return Error{Errc::invalid_input,
                         escaped(text) +
                             ": an ext4 image cannot have a line feed or carriage "
                             "return in a name; rename it or leave it out"};
        }
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

Result<void> Ext4Script::write(const Node& root) {
    walk(root, [this](const std::string&, const Node& node) {
        if (node.link) ++link_count_[*node.link];
    });
    TRY_VOID(set_date(root.mtime));
    TRY_VOID(set_fields(".", root, S_IFDIR, 0755));
    TRY_VOID(command("sif", {".", "mtime", fmt::format("@{}", date_)}));
    TRY_VOID(write_attributes(".", root));
    TRY_VOID(write_children(root));
    return flush();
}

Result<void> Ext4Script::write_children(const Node& directory) {
    for (const auto& [name, node] : directory.children) {
        TRY_VOID(write_node(name, node));
        if (bytes_ >= kPartBytes || script_.size() >= kPartScript) TRY_VOID(flush());
    }
    return {};
}

Result<void> Ext4Script::write_node(const std::string& name, const Node& node) {
    TRY_VOID(set_date(node.mtime));
    switch (node.kind) {
        case Node::Kind::directory:
            return write_directory(name, node);
        case Node::Kind::file:
            return write_file(name, node);
        case Node::Kind::symlink:
            TRY_VOID(command("symlink", {name, node.target}));
            return set_fields(in_directory(name), node, S_IFLNK, node.mode);
        case Node::Kind::fifo:
        case Node::Kind::character_device:
        case Node::Kind::block_device:
            return write_special(name, node);
    }
    return {};
}

Result<void> Ext4Script::write_directory(const std::string& name, const Node& node) {
    // mke2fs has made /lost+found.
    if (!directories_.empty() || name != "lost+found") TRY_VOID(command("mkdir", {name}));
    TRY_VOID(set_fields(in_directory(name), node, S_IFDIR, 0755));
    TRY_VOID(write_attributes(in_directory(name), node));
    if (node.children.empty()) return {};
    TRY_VOID(command("cd", {in_directory(name)}));
    directories_.push_back(name);
    TRY_VOID(write_children(node));
    directories_.pop_back();
    return command("cd", {".."});
}

Result<void> Ext4Script::write_file(const std::string& name, const Node& node) {
    if (node.link) {
        const auto first = first_path_.find(*node.link);
        if (first != first_path_.end()) return command("ln", {first->second, name});
    }
    TRY_VOID(command("write", {host_path(node, name), name}));
    bytes_ += node.data;
    TRY_VOID(set_fields(in_directory(name), node, S_IFREG, node.host_mode));
    TRY_VOID(write_attributes(in_directory(name), node));
    if (!node.link || link_count_[*node.link] < 2) return {};
    std::string path;
    for (const std::string& directory : directories_) path += "/" + directory;
    first_path_[*node.link] = path + "/" + name;
    // debugfs links names without counting them.
    return command("sif",
                   {in_directory(name), "links_count", std::to_string(link_count_[*node.link])});
}

Result<void> Ext4Script::write_special(const std::string& name, const Node& node) {
    if (node.kind == Node::Kind::fifo) {
        TRY_VOID(command("mknod", {name, "p"}));
        return set_fields(in_directory(name), node, S_IFIFO, std::nullopt);
    }
    const bool block = node.kind == Node::Kind::block_device;
    // debugfs takes numbers of 16 bits; this is where and how Linux stores larger ones.
    constexpr std::uint32_t kLargestNumber = 0xffff;
    constexpr std::uint32_t kLowMinor = 0xff;
    const bool large = node.minor > kLargestNumber;
    TRY_VOID(command("mknod",
                     {name,
                      block ? "b" : "c",
                      std::to_string(node.major),
                      std::to_string(large ? kLargestNumber : node.minor)}));
    if (large) {
        const std::uint32_t number =
            (node.minor & kLowMinor) | (node.major << 8U) | ((node.minor & ~kLowMinor) << 12U);
        TRY_VOID(command("sif", {in_directory(name), "block[1]", std::to_string(number)}));
    }
    return set_fields(in_directory(name), node, block ? S_IFBLK : S_IFCHR, std::nullopt);
}

Result<void> Ext4Script::write_attributes(const std::string& argument, const Node& node) {
    for (const Attribute& attribute : node.attributes) {
        const std::filesystem::path file =
            scratch_ / fmt::format("attribute-{}", attribute_files_++);
        const Fd fd = TRY(open_file(file, O_WRONLY | O_CREAT | O_TRUNC, 0600));
        TRY_VOID(write_all(fd, as_bytes(attribute.value), file.string()));
        TRY_VOID(command("ea_set", {"-f", file.string(), argument, attribute.name}));
    }
    return {};
}

Result<void> Ext4Script::set_fields(const std::string& argument,
                                    const Node& node,
                                    std::uint32_t type,
                                    std::optional<std::uint32_t> made_with) {
    if (made_with != node.mode) {
        TRY_VOID(command("sif", {argument, "mode", fmt::format("0{:o}", type | node.mode)}));
    }
    if (node.uid != 0) TRY_VOID(command("sif", {argument, "uid", std::to_string(node.uid)}));
    if (node.gid != 0) TRY_VOID(command("sif", {argument, "gid", std::to_string(node.gid)}));
    return {};
}

Result<void> Ext4Script::command(const char* verb, std::initializer_list<std::string> arguments) {
    const std::size_t start = script_.size();
    script_ += verb;
    for (const std::string& argument : arguments) {
        script_ += ' ';
        script_ += TRY(debugfs_quoted(argument));
    }
    script_ += '\n';
    if (script_.size() - start <= kLongestLine) return {};
    return Error{Errc::invalid_input,
                 fmt::format("{}…: the path is too long", script_.substr(start, 200))};
}

Result<void> Ext4Script::set_date(std::int64_t date) {
    const std::int64_t wanted = std::clamp(date, kFirstDate, kLastDate);
    if (wanted == date_) return {};
    date_ = wanted;
    return command("set_current_time", {fmt::format("@{}", wanted)});
}

Result<void> Ext4Script::flush() {
    // The superblock gets the date that is set when debugfs ends.
    TRY_VOID(set_date(epoch_));
    TRY_VOID(run_(script_, bytes_));
    script_.clear();
    bytes_ = 0;
    date_ = 0;
    for (const std::string& directory : directories_) {
        TRY_VOID(command("cd", {in_directory(directory)}));
    }
    return {};
}

}  // namespace cordwainer::image
