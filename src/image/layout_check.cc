#include "image/layout_check.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "core/utf8.h"
#include "image/file_system_limits.h"
#include "image/placement.h"

namespace cordwainer::image {
namespace {

class Checker {
  public:
    explicit Checker(const Layout& layout) : layout_(layout) {}

    std::vector<std::string> run() {
        check_table();
        check_disk_size();
        check_mounts();
        for (const Partition& partition : layout_.partitions) {
            check_type(partition);
            check_size(partition);
            check_flags(partition);
            check_file_system(partition);
            check_content(partition);
            check_encryption(partition);
        }
        check_boot_area();
        check_unique();
        check_room();
        return std::move(problems_);
    }

  private:
    void problem(const Location& place, const std::string& text) {
        problems_.push_back(fmt::format("{}: {}", place.text(), text));
    }

    void problem(const Partition& partition, const std::string& text) {
        problem(partition.location, fmt::format("{}: {}", title_of(partition), text));
    }

    [[nodiscard]] Location top() const { return {.file = layout_.file}; }

    [[nodiscard]] bool mbr() const { return layout_.table == TableKind::mbr; }

    void check_table() {
        constexpr std::size_t kMbrEntries = 4;
        constexpr std::size_t kGptEntries = 128;
        const std::size_t count = layout_.partitions.size();
        if (count == 0) problem(top(), "a layout needs at least one [[partition]]");
        if (mbr() && count > kMbrEntries) {
            problem(top(), "an MBR holds at most 4 partitions; set table = \"gpt\"");
        }
        if (count > kGptEntries) problem(top(), "a GPT holds at most 128 partitions");
        const auto hybrids = std::ranges::count_if(
            layout_.partitions, [](const Partition& p) { return p.hybrid_type.has_value(); });
        if (layout_.table == TableKind::hybrid_mbr && (hybrids < 1 || hybrids > 3)) {
            problem(top(),
                    "a hybrid MBR has 1 to 3 partitions of the GPT: set hybrid-type in them");
        }
        if (layout_.table != TableKind::hybrid_mbr && hybrids > 0) {
            problem(top(), "hybrid-type needs table = \"hybrid-mbr\"");
        }
    }

    void check_disk_size() {
        if (layout_.size && (*layout_.size % kSector != 0 || *layout_.size < kMiB)) {
            problem(top(), "size of [image] must be a multiple of 512 bytes, and at least 1MiB");
        }
        // What 32-bit sector numbers reach.
        constexpr std::uint64_t kMbrLimit = (std::uint64_t{1} << 32U) * kSector;
        if (mbr() && layout_.size.value_or(0) > kMbrLimit) {
            problem(top(), "an MBR reaches 2TiB; set table = \"gpt\"");
        }
    }

    void check_mounts() {
        const std::vector<Mount> mounts = mounts_of(layout_);
        for (std::size_t i = 1; i < mounts.size(); ++i) {
            if (mounts[i].path != mounts[i - 1].path) continue;
            problem(layout_.partitions[mounts[i].partition],
                    fmt::format("mount \"{}\" is also that of {}",
                                mounts[i].path,
                                title_of(layout_.partitions[mounts[i - 1].partition])));
        }
        const bool has_root = !mounts.empty() && mounts.front().path == "/";
        if (layout_.root && !has_root) {
            problem(top(), "no partition holds the system: set mount = \"/\" in one");
        }
        if (!mounts.empty() && !has_root) {
            problem(layout_.partitions[mounts.front().partition],
                    "mount needs a partition or subvolume with mount = \"/\"");
        }
    }

    void check_type(const Partition& p) {
        const std::string type = p.type.guid ? p.type.guid->text() : "that MBR type";
        if (mbr() && !p.type.mbr) {
            problem(p,
                    p.type.name == "bios-boot"
                        ? "an MBR disk has its boot code before the first partition; leave the "
                          "bios-boot partition out"
                        : fmt::format("an MBR has no type {}; write one such as 0x83", type));
        }
        if (!mbr() && !p.type.guid) {
            problem(p, "a GPT has no MBR types; write a name or a GUID");
        }
        if (mbr() && p.uuid) problem(p, "partitions of an MBR have no uuid of their own");
        if (mbr() && !p.label.empty()) problem(p, "partitions of an MBR have no label");
        if (!p.label.empty() && !is_gpt_label(p.label)) {
            problem(p, "label must be at most 36 characters of UTF-8, without control characters");
        }
    }

    static std::uint64_t least_size(const Partition& p) {
        return smallest_size(p.file_system) + (p.encryption ? payload_offset(*p.encryption) : 0);
    }

    void check_size(const Partition& p) {
        if (p.alignment == 0 || p.alignment % kSector != 0) {
            problem(p, "alignment must be a multiple of 512 bytes");
        }
        const bool last = &p == &layout_.partitions.back();
        if (p.size.kind == Size::Kind::rest && (!last || !layout_.size)) {
            problem(p,
                    "size = \"rest\" is for the last partition of an image whose size is fixed "
                    "(size in [image])");
        }
        const bool has_content =
            p.file_system != FileSystem::none && p.file_system != FileSystem::swap;
        if (p.size.kind == Size::Kind::content && !has_content) {
            problem(p, "there is no content to take the size from: set size, such as \"1MiB\"");
        }
        if (p.size.kind != Size::Kind::fixed) return;
        if (p.size.bytes == 0 || p.size.bytes % kSector != 0) {
            problem(p, "size must be a multiple of 512 bytes, and not 0");
            return;
        }
        const std::uint64_t least = least_size(p);
        if (p.size.bytes < least) {
            problem(p,
                    fmt::format("size is too small for {}{}: set at least \"{}MiB\"",
                                name_of(p.file_system),
                                p.encryption ? " in LUKS" : "",
                                round_up(least, kMiB) / kMiB));
        }
    }

    void check_flags(const Partition& p) {
        if (p.bootable && layout_.table == TableKind::gpt) {
            problem(p,
                    "a GPT has no flag \"bootable\"; BIOS boots it through its bios-boot "
                    "partition");
        }
        if (p.bootable && layout_.table == TableKind::hybrid_mbr && !p.hybrid_type) {
            problem(p, "the flag \"bootable\" needs hybrid-type here");
        }
        if (mbr() && !p.attributes.empty()) {
            problem(p, "an MBR knows only the flag \"bootable\"");
        }
    }

    void check_file_system(const Partition& p) {
        if (p.type.name == "esp" && p.file_system != FileSystem::vfat) {
            problem(p, "an ESP needs file-system = \"vfat\"");
        }
        if (p.type.name == "bios-boot" && p.file_system != FileSystem::none) {
            problem(p, "a bios-boot partition holds boot code: leave file-system out");
        }
        if (p.file_system == FileSystem::none && (p.file_system_label || p.file_system_uuid)) {
            problem(p, "file-system-label and file-system-uuid need a file-system");
        }
        if (!p.file_system_label) return;
        if (const auto wrong = wrong_label(p.file_system, *p.file_system_label)) {
            problem(p, "file-system-label " + *wrong);
        }
    }

    void check_content(const Partition& p) {
        const bool holds_files =
            p.file_system != FileSystem::none && p.file_system != FileSystem::swap;
        if (!holds_files && (p.mount || !p.contents.empty())) {
            problem(p, "mount and contents need file-system = \"ext4\", \"vfat\" or \"btrfs\"");
        }
        if (p.file_system != FileSystem::btrfs && !p.subvolumes.empty()) {
            problem(p, "subvolumes need file-system = \"btrfs\"");
        }
        for (std::size_t i = 0; i < p.subvolumes.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                if (p.subvolumes[i].name == p.subvolumes[j].name) {
                    problem(p.subvolumes[i].location,
                            fmt::format("subvolume \"{}\" is there twice", p.subvolumes[i].name));
                }
            }
        }
    }

    void check_encryption(const Partition& p) {
        if (!p.encryption) return;
        const Encryption& e = *p.encryption;
        if (p.file_system == FileSystem::none || p.type.name == "esp") {
            problem(e.location,
                    "encryption is for a partition with a file system that firmware "
                    "does not read");
        }
        if (e.passphrase.empty() == e.passphrase_file.empty()) {
            problem(e.location, "set passphrase-file, or passphrase, and not both");
        }
        if (e.key_bits != 256 && e.key_bits != 512) {
            problem(e.location, "key-size must be 256 or 512");
        }
        if (e.sector_size != kSector && e.sector_size != 4096) {
            problem(e.location, "sector-size must be 512 or 4096");
        }
        if (e.pbkdf == "pbkdf2" && (e.memory_kib || e.parallel)) {
            problem(e.location, "memory and parallel are for argon2i and argon2id");
        }
        if (e.pbkdf == "pbkdf2" && e.iterations && *e.iterations < 1000) {
            problem(e.location, "iterations of pbkdf2 must be at least 1000");
        }
        if (e.label && e.label->size() > kLuksLabel) {
            problem(e.location, "label must be at most 47 bytes");
        }
        if (e.version == 1 && (e.pbkdf != "pbkdf2" || e.sector_size != kSector || e.label)) {
            problem(e.location,
                    "LUKS1 has only pbkdf2, sectors of 512 bytes and no label; set type = "
                    "\"luks2\"");
        }
    }

    // A plan names the sectors of the boot code, so they must not depend on what it installs.
    void check_boot_area() {
        const Partition* sized_by_content = nullptr;
        for (const Partition& p : layout_.partitions) {
            if (p.type.name == "bios-boot" && sized_by_content) {
                problem(p,
                        fmt::format("must come before {}, whose size depends on its content",
                                    title_of(*sized_by_content)));
            }
            if (p.size.kind == Size::Kind::content) sized_by_content = &p;
        }
        const auto boots = std::ranges::count_if(
            layout_.partitions, [](const Partition& p) { return p.type.name == "bios-boot"; });
        if (boots > 1) problem(top(), "a disk has one bios-boot partition");
    }

    // Whether the image has room for its partitions, where that depends on no content.
    void check_room() {
        const auto by_content = [](const Partition& p) {
            return p.size.kind == Size::Kind::content;
        };
        if (!problems_.empty() || std::ranges::any_of(layout_.partitions, by_content)) return;
        std::vector<std::uint64_t> sizes;
        for (const Partition& p : layout_.partitions) sizes.push_back(least_size(p));
        const Result<Placement> placement = place(layout_, sizes);
        if (!placement) problems_.push_back(placement.error().message());
    }

    // Two parts with one identifier could not be told apart when booting.
    void check_unique() {
        std::map<std::string, std::string> seen;
        const auto add = [&](const Partition& p, const std::optional<Uuid>& uuid) {
            if (!uuid) return;
            const auto [other, fresh] = seen.emplace(uuid->text(), title_of(p));
            if (!fresh) {
                problem(p, fmt::format("UUID {} is also in {}", uuid->text(), other->second));
            }
        };
        for (const Partition& p : layout_.partitions) {
            add(p, p.uuid);
            add(p, p.file_system_uuid);
            if (p.encryption) add(p, p.encryption->uuid);
        }
    }

    const Layout& layout_;
    std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check_layout(const Layout& layout) {
    return Checker(layout).run();
}

}  // namespace cordwainer::image
