#include "image/tar.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <span>

#include "image/size_text.h"
#include "sys/file_io.h"

namespace cordwainer::image {
namespace {

constexpr std::size_t kRecord = 512;

// Offsets and lengths of the fields of a ustar header.
struct Field {
    std::size_t offset;
    std::size_t length;
};

constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kUid{108, 8};
constexpr Field kGid{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kMtime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr std::size_t kType = 156;
constexpr Field kMagic{257, 8};
constexpr Field kMajor{329, 8};
constexpr Field kMinor{337, 8};

using Header = std::array<std::byte, kRecord>;

void put_text(Header& header, Field field, std::string_view text) {
    const std::size_t count = std::min(field.length, text.size());
    std::ranges::copy(as_bytes(text.substr(0, count)),
                      header.begin() + static_cast<std::ptrdiff_t>(field.offset));
}

// Octal digits and a NUL; 0 where they do not suffice (the pax header has the value then).
void put_number(Header& header, Field field, std::uint64_t value) {
    const bool fits = field.length >= 12 || value < (std::uint64_t{1} << (3 * (field.length - 1)));
    put_text(header, field, fmt::format("{:0{}o}", fits ? value : 0, field.length - 1));
}

char type_of(const Node& node) {
    switch (node.kind) {
        case Node::Kind::directory:
            return '5';
        case Node::Kind::file:
            return '0';
        case Node::Kind::symlink:
            return '2';
        case Node::Kind::fifo:
            return '6';
        case Node::Kind::character_device:
            return '3';
        case Node::Kind::block_device:
            return '4';
    }
    return '0';
}

// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
std::string pax_record(const std::string& key, const std::string& value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (rest + std::to_string(length).size() != length) {
        length = rest + std::to_string(length).size();
    }
    return fmt::format("{} {}={}\n", length, key, value);
}

class Writer {
  public:
    Writer(Fd file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

    Result<void> write(const Node& root) {
        TRY_VOID(add(".", "", root));
        TRY_VOID(add_children(root, "."));
        const std::array<std::byte, 2 * kRecord> end{};
        TRY_VOID(write_all(file_, end, name_));
        return file_.close(name_);
    }

  private:
    using Link = std::pair<std::uint64_t, std::uint64_t>;

    Result<void> add_children(const Node& directory, const std::string& path) {
        for (const auto& [name, node] : directory.children) {
            const std::string here = path + "/" + name;
            TRY_VOID(add(here, name, node));
            TRY_VOID(add_children(node, here));
        }
        return {};
    }

    Result<void> add(const std::string& path, const std::string& name, const Node& node) {
        char type = type_of(node);
        std::string link = node.target;
        if (node.link) {
            const auto [first, fresh] = first_path_.emplace(*node.link, path);
            if (!fresh) {
                type = '1';
                link = first->second;
            }
        }
        const std::uint64_t size = type == '0' ? node.size : 0;
        TRY_VOID(add_pax(path, link, size, node));
        TRY_VOID(add_header(path, type, size, node));
        if (type == '0') TRY_VOID(add_content(host_path(node, name), node.size));
        return {};
    }

    Result<void> add_pax(const std::string& path,
                         const std::string& link,
                         std::uint64_t size,
                         const Node& node) {
        std::string records = pax_record("path", path);
        if (!link.empty()) records += pax_record("linkpath", link);
        records += pax_record("size", std::to_string(size));
        records += pax_record("uid", std::to_string(node.uid));
        records += pax_record("gid", std::to_string(node.gid));
        records += pax_record("mtime", std::to_string(node.mtime));
        for (const Attribute& attribute : node.attributes) {
            records += pax_record("SCHILY.xattr." + attribute.name, attribute.value);
        }
        TRY_VOID(add_header("pax", 'x', records.size(), Node{}));
        TRY_VOID(write_all(file_, as_bytes(records), name_));
        return pad(records.size());
    }

    Result<void> add_header(const std::string& path,
                            char type,
                            std::uint64_t size,
                            const Node& node) {
        Header header{};
        put_text(header, kName, path);
        put_number(header, kMode, node.mode);
        put_number(header, kUid, node.uid);
        put_number(header, kGid, node.gid);
        put_number(header, kSize, size);
        put_number(
            header, kMtime, static_cast<std::uint64_t>(std::max<std::int64_t>(0, node.mtime)));
        put_text(header, kChecksum, "        ");
        header[kType] = static_cast<std::byte>(type);
        put_text(header, kMagic, std::string_view("ustar\00000", 8));
        put_number(header, kMajor, node.major);
        put_number(header, kMinor, node.minor);
        std::uint64_t sum = 0;
        for (const std::byte byte : header) sum += std::to_integer<unsigned>(byte);
        put_text(header, kChecksum, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
        return write_all(file_, header, name_);
    }

    Result<void> add_content(const std::string& path, std::uint64_t size) {
        constexpr std::uint64_t kPiece = kMiB;
        const Fd from = TRY(open_file(path, O_RDONLY));
        for (std::uint64_t at = 0; at < size; at += kPiece) {
            const Bytes piece = TRY(read_at(from, at, std::min(kPiece, size - at), path));
            TRY_VOID(write_all(file_, piece, name_));
        }
        return pad(size);
    }

    Result<void> pad(std::uint64_t size) {
        const std::array<std::byte, kRecord> zeros{};
        const std::size_t missing = round_up(size, kRecord) - size;
        return write_all(file_, std::span(zeros).first(missing), name_);
    }

    Fd file_;
    std::string name_;
    std::map<Link, std::string> first_path_;
};

}  // namespace

Result<void> write_tar(const Node& root, const std::filesystem::path& file) {
    Fd fd = TRY(open_file(file, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    return Writer(std::move(fd), file.string()).write(root);
}

}  // namespace cordwainer::image
