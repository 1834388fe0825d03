#include "cli/boot_ways.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>

#include "core/bytes.h"
#include "sys/descriptor.h"
#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer::cli {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kSector = 512;
constexpr std::size_t kMbrCode = 440;  // bytes of code in an MBR
constexpr std::size_t kMbrPartitions = 446;
constexpr std::uint8_t kMbrEsp = 0xef;
// A GPT's header and its usual 128 entries of 128 bytes follow the MBR.
constexpr std::uint64_t kTableBytes = (2 + 32) * kSector;
// C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it is stored.
constexpr auto kGptEsp = "\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b"sv;

struct Extent {
    std::uint64_t offset = 0;  // bytes
    std::uint64_t size = 0;
};

// Copies a part of a qcow2 image to a raw file.
Result<void> extract(const std::filesystem::path& image,
                     const Extent& part,
                     const std::filesystem::path& copy) {
    // `count` counts from the image's start, also where some of it is skipped.
    const std::uint64_t end = (part.offset + part.size) / kSector;
    const auto done = spawn({.arguments = {"qemu-img",
                                           "dd",
                                           "-f",
                                           "qcow2",
                                           "-O",
                                           "raw",
                                           "bs=512",
                                           fmt::format("skip={}", part.offset / kSector),
                                           fmt::format("count={}", end),
                                           "if=" + image.string(),
                                           "of=" + copy.string()}});
    if (!done) return done.error();
    return {};
}

// The first bytes of a raw image, as many as there are, at most `count`.
Result<Bytes> beginning(const std::filesystem::path& image, std::uint64_t count) {
    const Fd fd = TRY(open_file(image, O_RDONLY));
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return file_error(errno, "look at " + image.string());
    if (!S_ISREG(status.st_mode)) {
        return Error(Errc::invalid_input, image.string() + " is not a file");
    }
    const std::uint64_t size = std::min(count, static_cast<std::uint64_t>(status.st_size));
    return read_at(fd, 0, static_cast<std::size_t>(size), image.string());
}

std::vector<Extent> gpt_system_partitions(ByteView table) {
    std::vector<Extent> found;
    const auto first = le64_at(table, kSector + 72);
    const auto count = le32_at(table, kSector + 80);
    const auto size = le32_at(table, kSector + 84);
    if (!first || !count || !size || *first != 2 || *size < 128 || *size > 4096) return found;
    for (std::uint64_t i = 0; i < *count; ++i) {
        const auto entry = slice(table, static_cast<std::size_t>(2 * kSector + i * *size), 48);
        if (!entry) break;
        if (to_text(entry->first(16)) != kGptEsp) continue;
        const auto from = le64_at(*entry, 32);
        const auto to = le64_at(*entry, 40);
        constexpr std::uint64_t kMostSectors = std::uint64_t{1} << 50U;
        if (!from || !to || *from > *to || *to > kMostSectors) continue;
        found.push_back({.offset = *from * kSector, .size = (*to - *from + 1) * kSector});
    }
    return found;
}

std::vector<Extent> mbr_system_partitions(ByteView table) {
    std::vector<Extent> found;
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t entry = kMbrPartitions + 16 * i;
        const auto from = le32_at(table, entry + 8);
        const auto count = le32_at(table, entry + 12);
        if (le8_at(table, entry + 4) != kMbrEsp || !from || !count) continue;
        found.push_back({.offset = *from * kSector, .size = *count * kSector});
    }
    return found;
}

std::vector<Extent> system_partitions(ByteView table) {
    const auto signature = slice(table, kSector, 8);
    if (signature && to_text(*signature) == "EFI PART") return gpt_system_partitions(table);
    return mbr_system_partitions(table);
}

bool has_boot_code(ByteView table) {
    const auto code = slice(table, 0, kMbrCode);
    if (!code || le16_at(table, 510) != 0xaa55) return false;
    return std::ranges::any_of(*code, [](std::byte b) { return b != std::byte{0}; });
}

// The BOOT*.EFI in the directory EFI/BOOT of a FAT file system, in mtools' notation.
Result<std::vector<std::string>> efi_programs(const std::string& file_system) {
    const auto listing = spawn({.arguments = {"mdir", "-b", "-i", file_system, "::/EFI/BOOT"},
                                .environment = {{"MTOOLS_SKIP_CHECK", "1"}, {"LC_ALL", "C"}}});
    std::vector<std::string> found;
    // No such directory, or no FAT: then there is none.
    if (!listing && listing.error().code == Errc::tool_failed) return found;
    if (!listing) return listing.error();
    std::string_view rest = listing->output;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string name(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        name.erase(0, name.rfind('/') + 1);
        std::ranges::transform(
            name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        if (name.starts_with("BOOT") && name.ends_with(".EFI")) found.push_back(name);
    }
    return found;
}

}  // namespace

Result<BootWays> find_boot_ways(const std::filesystem::path& image) {
    const std::filesystem::path path = std::filesystem::absolute(image);
    Bytes table = TRY(beginning(path, kTableBytes));
    BootWays ways;
    ways.qcow2 = to_text(table).starts_with("QFI\xfb");
    const TemporaryDirectory scratch = TRY(TemporaryDirectory::make({}, "cordwainer-"));
    const std::filesystem::path copy = scratch.path() / "part";
    if (ways.qcow2) {
        TRY_VOID(extract(path, {.offset = 0, .size = kTableBytes}, copy));
        table = TRY(beginning(copy, kTableBytes));
    }
    ways.boot_code = has_boot_code(table);
    for (const Extent& part : system_partitions(table)) {
        std::string file_system = fmt::format("{}@@{}", path.string(), part.offset);
        if (ways.qcow2) {
            TRY_VOID(extract(path, part, copy));
            file_system = copy.string();
        }
        for (std::string& name : TRY(efi_programs(file_system))) {
            ways.efi_programs.push_back(std::move(name));
        }
    }
    return ways;
}

}  // namespace cordwainer::cli
