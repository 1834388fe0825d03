#include "image/layout.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <ranges>

#include "image/identity.h"
#include "image/layout_check.h"
#include "image/layout_schema.h"
#include "model/config_schema.h"

namespace cordwainer::image {
namespace {

// The first date that FAT can store: 1980-01-01. Where nothing else is said, what the build makes
// has it.
constexpr std::int64_t kDefaultEpoch = 315532800;

// A table of the layout and what reading it finds wrong beyond its schema.
class Table {
  public:
    Table(const ConfigValue* table,
          const LayoutContext& context,
          std::vector<std::string>& problems)
        : table_(table), context_(context), problems_(problems) {}

    [[nodiscard]] const ConfigValue* find(std::string_view key) const {
        return table_ ? table_->find(key) : nullptr;
    }

    [[nodiscard]] std::optional<std::string> text(std::string_view key) const {
        const ConfigValue* value = find(key);
        const auto* found = value ? std::get_if<std::string>(&value->value) : nullptr;
        return found ? std::optional(*found) : std::nullopt;
    }

    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key) const {
        const ConfigValue* value = find(key);
        const auto* found = value ? std::get_if<std::int64_t>(&value->value) : nullptr;
        return found ? std::optional(static_cast<std::uint64_t>(*found)) : std::nullopt;
    }

    [[nodiscard]] std::optional<std::filesystem::path> path(std::string_view key) const {
        const auto found = text(key);
        if (!found) return std::nullopt;
        return (context_.directory / *found).lexically_normal();
    }

    [[nodiscard]] const ConfigList& list(std::string_view key) const {
        static const ConfigList empty;
        const ConfigValue* value = find(key);
        const auto* found = value ? std::get_if<ConfigList>(&value->value) : nullptr;
        return found ? *found : empty;
    }

    // A UUID of this kind.
    [[nodiscard]] std::optional<Uuid> uuid(std::string_view key, Uuid::Kind kind) const {
        const auto found = text(key);
        if (!found) return std::nullopt;
        auto uuid = Uuid::parse(*found);
        if (uuid && uuid->kind() == kind) return uuid;
        problem(key,
                kind == Uuid::Kind::fat ? "expected a FAT volume serial number such as 1C31-A17C"
                                        : "expected a UUID such as "
                                          "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3");
        return std::nullopt;
    }

    void problem(std::string_view key, const std::string& text) const {
        problems_.push_back(fmt::format("{}: {}: {}", find(key)->location.text(), key, text));
    }

    [[nodiscard]] Location location() const { return table_ ? table_->location : Location{}; }

    [[nodiscard]] Table at(const ConfigValue* table) const { return {table, context_, problems_}; }

  private:
    const ConfigValue* table_;
    const LayoutContext& context_;
    std::vector<std::string>& problems_;
};

FileSystem file_system_of(const std::string& name) {
    for (const FileSystem candidate :
         {FileSystem::vfat, FileSystem::ext4, FileSystem::btrfs, FileSystem::swap}) {
        if (name == name_of(candidate)) return candidate;
    }
    return FileSystem::none;
}

// The bit of a GPT attribute (UEFI 2.10, table 5.8; 60 to 63: the Discoverable Partitions
// Specification and Microsoft's basic data partitions).
std::optional<unsigned> attribute_bit(const std::string& flag) {
    if (flag == "required") return 0;
    if (flag == "no-block-io") return 1;
    if (flag == "legacy-boot") return 2;
    if (flag == "read-only") return 60;
    if (flag == "hidden") return 62;
    if (flag == "no-auto") return 63;
    return std::nullopt;
}

Encryption read_encryption(const Table& table) {
    Encryption encryption{.location = table.location()};
    encryption.version = table.text("type") == "luks1" ? 1 : 2;
    encryption.passphrase = table.text("passphrase").value_or("");
    encryption.passphrase_file = table.path("passphrase-file").value_or("");
    encryption.pbkdf = table.text("pbkdf").value_or(encryption.pbkdf);
    encryption.iterations = table.number("iterations");
    encryption.memory_kib = table.number("memory");
    encryption.parallel = table.number("parallel");
    encryption.key_bits = static_cast<unsigned>(table.number("key-size").value_or(512));
    encryption.hash = table.text("hash").value_or(encryption.hash);
    encryption.sector_size = static_cast<unsigned>(table.number("sector-size").value_or(kSector));
    encryption.label = table.text("label");
    encryption.uuid = table.uuid("uuid", Uuid::Kind::dce);
    return encryption;
}

void read_flags(const Table& table, Partition& partition) {
    for (const ConfigValue& value : table.list("flags")) {
        const auto& flag = std::get<std::string>(value.value);
        if (flag == "bootable") partition.bootable = true;
        if (const auto bit = attribute_bit(flag)) partition.attributes.push_back(*bit);
    }
    std::ranges::sort(partition.attributes);
    const auto twice = std::ranges::unique(partition.attributes);
    partition.attributes.erase(twice.begin(), twice.end());
}

Partition read_partition(const Table& table, std::size_t number, std::uint64_t alignment) {
    Partition partition{.number = number, .location = table.location()};
    partition.type = find_partition_type(table.text("type").value_or("")).value_or(PartitionType{});
    partition.label = table.text("label").value_or("");
    partition.uuid = table.uuid("uuid", Uuid::Kind::dce);
    partition.size = parse_size(table.text("size").value_or("content")).value_or(Size{});
    partition.alignment = parse_bytes(table.text("alignment").value_or("")).value_or(alignment);
    read_flags(table, partition);
    partition.hybrid_type = parse_mbr_type(table.text("hybrid-type").value_or(""));
    partition.file_system = file_system_of(table.text("file-system").value_or("none"));
    partition.file_system_label = table.text("file-system-label");
    partition.file_system_uuid =
        table.uuid("file-system-uuid",
                   partition.file_system == FileSystem::vfat ? Uuid::Kind::fat : Uuid::Kind::dce);
    partition.mount = table.text("mount");
    for (const ConfigValue& value : table.list("contents")) {
        const Table contents = table.at(&value);
        partition.contents.push_back({.from = contents.path("from").value_or(""),
                                      .to = contents.text("to").value_or("/"),
                                      .owner_root = contents.text("owner") == "root",
                                      .location = value.location});
    }
    for (const ConfigValue& value : table.list("subvolumes")) {
        const Table subvolume = table.at(&value);
        partition.subvolumes.push_back({.name = subvolume.text("name").value_or(""),
                                        .mount = subvolume.text("mount"),
                                        .location = value.location});
    }
    if (const ConfigValue* value = table.find("encryption")) {
        partition.encryption = read_encryption(table.at(value));
    }
    return partition;
}

void read_disk_identifier(const Table& image, Layout& layout) {
    if (layout.table != TableKind::mbr) {
        layout.disk_uuid = image.uuid("uuid", Uuid::Kind::dce);
        return;
    }
    const auto text = image.text("uuid");
    if (!text) return;
    std::string_view digits = *text;
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, layout.disk_id, 16);
    if (error != std::errc{} || stop != end || digits.size() != 8 || layout.disk_id == 0) {
        image.problem("uuid", "an MBR disk has an identifier of 8 hexadecimal digits, not all 0");
    }
}

std::string size_key(const Size& size) {
    return fmt::format("{} {} {}", static_cast<int>(size.kind), size.bytes, size.percent);
}

// A text and its length, so that no two lists of texts look alike.
std::string counted(const std::string& text) {
    return fmt::format("{}:{}", text.size(), text);
}

// Everything that a reader of the image could notice, and no path or secret of the machine that
// builds it: the identifiers must not depend on where the files lie.
std::string canonical_text(const Layout& layout, const std::string& seed) {
    std::string text = fmt::format("seed {}\ndate {} {}\ntable {} size {}\n",
                                   counted(seed),
                                   layout.epoch,
                                   layout.clamp_dates,
                                   static_cast<int>(layout.table),
                                   layout.size.value_or(0));
    for (const Partition& p : layout.partitions) {
        text += fmt::format("partition {} guid {} mbr {} label {} size {} alignment {}\n",
                            p.number,
                            p.type.guid ? p.type.guid->text() : "",
                            p.type.mbr.value_or(0),
                            counted(p.label),
                            size_key(p.size),
                            p.alignment);
        text += fmt::format("file system {} label {} mount {} encryption {}\n",
                            name_of(p.file_system),
                            counted(p.file_system_label.value_or("")),
                            counted(p.mount.value_or("")),
                            p.encryption ? p.encryption->version : 0);
        for (const Contents& contents : p.contents)
            text += fmt::format("to {}\n", counted(contents.to));
        for (const Subvolume& subvolume : p.subvolumes) {
            text += fmt::format("subvolume {} {}\n",
                                counted(subvolume.name),
                                counted(subvolume.mount.value_or("")));
        }
    }
    return text;
}

void choose_identifiers(Layout& layout, const std::string& seed) {
    const Identities identities(canonical_text(layout, seed));
    if (layout.table != TableKind::mbr && !layout.disk_uuid) {
        layout.disk_uuid = identities.uuid("disk");
    }
    if (layout.table == TableKind::mbr && layout.disk_id == 0) {
        layout.disk_id = identities.disk_id("disk");
    }
    for (Partition& p : layout.partitions) {
        const std::string role = fmt::format("partition {}", p.number);
        if (layout.table != TableKind::mbr && !p.uuid) p.uuid = identities.uuid(role);
        if (p.file_system != FileSystem::none && !p.file_system_uuid) {
            p.file_system_uuid = p.file_system == FileSystem::vfat
                                     ? identities.fat_uuid(role + " file system")
                                     : identities.uuid(role + " file system");
        }
        if (p.encryption && !p.encryption->uuid) {
            p.encryption->uuid = identities.uuid(role + " encryption");
        }
    }
}

Error all_of(const std::vector<std::string>& problems) {
    return {Errc::invalid_input, fmt::format("{}", fmt::join(problems, "\n"))};
}

}  // namespace

const char* name_of(FileSystem file_system) {
    switch (file_system) {
        case FileSystem::none:
            return "none";
        case FileSystem::vfat:
            return "vfat";
        case FileSystem::ext4:
            return "ext4";
        case FileSystem::btrfs:
            return "btrfs";
        case FileSystem::swap:
            return "swap";
    }
    return "";
}

std::string title_of(const Partition& partition) {
    if (!partition.label.empty()) {
        return fmt::format("partition {} (\"{}\")", partition.number, partition.label);
    }
    if (!partition.type.name.empty()) {
        return fmt::format("partition {} ({})", partition.number, partition.type.name);
    }
    return fmt::format("partition {}", partition.number);
}

std::vector<Mount> mounts_of(const Layout& layout) {
    std::vector<Mount> mounts;
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
        const Partition& partition = layout.partitions[i];
        if (partition.mount) mounts.push_back({.path = *partition.mount, .partition = i});
        for (const Subvolume& subvolume : partition.subvolumes) {
            if (!subvolume.mount) continue;
            mounts.push_back(
                {.path = *subvolume.mount, .partition = i, .prefix = "/" + subvolume.name});
        }
    }
    std::ranges::sort(mounts, {}, &Mount::path);
    return mounts;
}

Result<Layout> parse_layout(const ConfigValue& value, const LayoutContext& context) {
    std::vector<std::string> problems = check_config(layout_schema(), value);
    if (!problems.empty()) return all_of(problems);

    const Table top(&value, context, problems);
    const Table image = top.at(top.find("image"));
    const Table system = top.at(top.find("system"));
    Layout layout{.file = value.location.file};
    const std::string table = image.text("table").value_or("gpt");
    if (table == "mbr") layout.table = TableKind::mbr;
    if (table == "hybrid-mbr") layout.table = TableKind::hybrid_mbr;
    layout.size = parse_bytes(image.text("size").value_or("content"));
    layout.root = system.path("root");
    if (layout.root) layout.root_location = system.find("root")->location;
    layout.root_owner = system.text("owner") == "root";
    layout.guest = {.kernel = image.path("guest-kernel"), .modules = image.path("guest-modules")};
    layout.epoch = std::max<std::int64_t>(1, context.source_date_epoch.value_or(kDefaultEpoch));
    layout.clamp_dates = context.source_date_epoch.has_value();
    read_disk_identifier(image, layout);
    const std::uint64_t alignment =
        parse_bytes(image.text("alignment").value_or("")).value_or(kMiB);
    for (const ConfigValue& partition : top.list("partition")) {
        layout.partitions.push_back(
            read_partition(top.at(&partition), layout.partitions.size() + 1, alignment));
    }
    std::ranges::move(check_layout(layout), std::back_inserter(problems));
    if (!problems.empty()) return all_of(problems);
    choose_identifiers(layout, image.text("seed").value_or(""));
    return layout;
}

}  // namespace cordwainer::image
