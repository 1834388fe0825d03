#include "host/probe_signatures.h"

#include <algorithm>
#include <blkid/blkid.h>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <utility>

#include "sys/descriptor.h"

namespace cordwainer {
namespace {

// A libblkid probe and the descriptor that it reads.
class Reader {
  public:
    static Result<Reader> open(const std::filesystem::path& node) {
        Reader reader(TRY(open_file(node, O_RDONLY | O_NONBLOCK)), node.string());
        errno = 0;
        if (::blkid_probe_set_device(reader.probe(), reader.fd_.get(), 0, 0) != 0)
            return reader.failed();
        return reader;
    }

    [[nodiscard]] blkid_probe probe() const { return probe_.get(); }

    // libblkid sets errno only where a system call failed.
    [[nodiscard]] Error failed() const { return file_error(errno ? errno : EIO, "read " + name_); }

    [[nodiscard]] std::string value(const char* key) const {
        const char* text = nullptr;
        std::size_t size = 0;
        if (::blkid_probe_lookup_value(probe(), key, &text, &size) != 0 || !text) return "";
        return text;
    }

  private:
    Reader(Fd fd, std::string name)
        : fd_(std::move(fd)),
          name_(std::move(name)),
          probe_(::blkid_new_probe(), &::blkid_free_probe) {}

    Fd fd_;
    std::string name_;
    std::unique_ptr<blkid_struct_probe, decltype(&::blkid_free_probe)> probe_;
};

Signature::Usage usage_of(const std::string& usage, const std::string& type) {
    if (usage == "filesystem") return Signature::Usage::file_system;
    if (usage == "crypto" && type == "crypto_LUKS") return Signature::Usage::container;
    return Signature::Usage::member;
}

std::string value_or_empty(const char* text) {
    return text ? text : "";
}

}  // namespace

Result<Signature> read_signature(const std::filesystem::path& node) {
    const Reader reader = TRY(Reader::open(node));
    ::blkid_probe_enable_superblocks(reader.probe(), 1);
    ::blkid_probe_set_superblocks_flags(
        reader.probe(),
        BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL);
    errno = 0;
    constexpr int kNothing = 1;
    constexpr int kSeveral = -2;
    const int outcome = ::blkid_do_safeprobe(reader.probe());
    if (outcome == kNothing) return Signature{};
    if (outcome == kSeveral) {
        return Error(Errc::refused,
                     node.string() +
                         " has the marks of several file systems: remove the old ones "
                         "(`wipefs` lists them)");
    }
    if (outcome != 0) return reader.failed();
    Signature found;
    found.type = reader.value("TYPE");
    found.usage = usage_of(reader.value("USAGE"), found.type);
    found.uuid = reader.value("UUID");
    found.member = reader.value("UUID_SUB");
    if (std::string label = reader.value("LABEL"); !label.empty()) found.label = std::move(label);
    return found;
}

Result<std::optional<DiskTable>> read_table(const std::filesystem::path& node,
                                            std::uint32_t sector_size) {
    constexpr std::uint64_t kUnit = 512;  // of libblkid, whatever the sectors are
    const Reader reader = TRY(Reader::open(node));
    ::blkid_probe_set_sectorsize(reader.probe(), sector_size);
    ::blkid_probe_enable_superblocks(reader.probe(), 0);
    ::blkid_probe_enable_partitions(reader.probe(), 1);
    errno = 0;
    constexpr int kNothing = 1;
    const int outcome = ::blkid_do_safeprobe(reader.probe());
    if (outcome == kNothing) return std::optional<DiskTable>();
    if (outcome != 0) return reader.failed();
    const blkid_partlist list = ::blkid_probe_get_partitions(reader.probe());
    if (!list) return std::optional<DiskTable>();
    const blkid_parttable head = ::blkid_partlist_get_table(list);
    if (!head) return std::optional<DiskTable>();
    DiskTable table{.type = value_or_empty(::blkid_parttable_get_type(head)),
                    .uuid = value_or_empty(::blkid_parttable_get_id(head)),
                    .partitions = {}};
    const int count = ::blkid_partlist_numof_partitions(list);
    for (int i = 0; i < count; ++i) {
        const blkid_partition partition = ::blkid_partlist_get_partition(list, i);
        if (!partition || ::blkid_partition_get_table(partition) != head) continue;
        std::string type = value_or_empty(::blkid_partition_get_type_string(partition));
        table.partitions.push_back(
            {.number = ::blkid_partition_get_partno(partition),
             .type = std::move(type),
             .uuid = value_or_empty(::blkid_partition_get_uuid(partition)),
             .first_byte =
                 static_cast<std::uint64_t>(::blkid_partition_get_start(partition)) * kUnit,
             .bytes = static_cast<std::uint64_t>(::blkid_partition_get_size(partition)) * kUnit});
    }
    return std::optional(std::move(table));
}

}  // namespace cordwainer
