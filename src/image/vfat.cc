#include "image/vfat.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>
#include <sstream>

#include "formats/fat_names.h"
#include "formats/fat_room.h"
#include "image/fat_names.h"
#include "image/size_text.h"
#include "image/sparse_copy.h"
#include "image/tool.h"
#include "sys/file_io.h"

namespace cordwainer::image {
namespace {

constexpr std::uint64_t kReservedSectors = 32;  // mkfs.fat's for FAT32; fewer for the others

std::uint64_t cluster_bytes(const FatShape& shape) {
    return shape.sectors_per_cluster * kSector;
}

// Entries of 32 bytes that a name takes: one, and one for every 13 characters of a long name.
std::uint64_t entry_bytes(const std::string& name) {
    constexpr std::uint64_t kEntry = 32;
    constexpr std::uint64_t kPerEntry = 13;
    return kEntry * (1 + divide_up(name.size(), kPerEntry));
}

std::uint64_t directory_bytes(const Node& directory) {
    constexpr std::uint64_t kFirst = 64;  // "." and ".."; in the root the label
    std::uint64_t bytes = kFirst;
    for (const auto& [name, child] : directory.children) bytes += entry_bytes(name);
    if (directory.grows) bytes = std::max(bytes, kFirst + kFatRoomNames * kFatRoomNameBytes);
    return bytes;
}

// Programs of mtools, with nothing of the user's or the machine's configuration in their way. They
// run in the image's directory: they would take "@@" in its path for the offset's.
ToolRun mtools(const Vfat& spec) {
    constexpr std::int64_t kFirstFatDate = 315532800;  // 1980-01-01
    ToolRun run{.directory = spec.image.parent_path()};
    run.environment = {{"MTOOLSRC", "/dev/null"},
                       {"MTOOLS_SKIP_CHECK", "1"},
                       {"SOURCE_DATE_EPOCH", std::to_string(std::max(spec.epoch, kFirstFatDate))}};
    run.arguments = {"-i", fmt::format("./{}@@{}", spec.image.filename().string(), spec.offset)};
    return run;
}

// The path of a directory that is there: mtools take it for a pattern, in which only "[" can be
// something else.
std::string existing(const std::string& path) {
    std::string pattern = "::";
    for (const char c : path) pattern += c == '[' ? std::string("[[]") : std::string(1, c);
    return pattern;
}

// Collects arguments until a command line of a sensible length is full.
class Batch {
  public:
    Batch(const Vfat& spec, const char* program, std::string last)
        : spec_(spec), program_(program), last_(std::move(last)) {}

    Result<void> add(const std::string& argument) {
        arguments_.push_back(argument);
        length_ += argument.size() + 1;
        constexpr std::size_t kLongest = 64 * kKiB;
        return length_ < kLongest ? Result<void>() : run();
    }

    Result<void> run() {
        if (arguments_.empty()) return {};
        ToolRun tool = mtools(spec_);
        tool.arguments.insert(tool.arguments.end(), arguments_.begin(), arguments_.end());
        if (!last_.empty()) tool.arguments.push_back(last_);
        arguments_.clear();
        length_ = 0;
        TRY_VOID(run_tool({.name = program_, .package = "mtools"}, tool));
        return {};
    }

  private:
    const Vfat& spec_;
    std::string program_;
    std::string last_;
    std::vector<std::string> arguments_;
    std::size_t length_ = 0;
};

Result<void> make_directories(const Vfat& spec, const Node& root) {
    Batch directories(spec, "mmd", "");
    std::vector<std::string> paths;
    walk(root, [&paths](const std::string& path, const Node& node) {
        if (node.is_directory()) paths.push_back(path);
    });
    for (const std::string& path : paths) {
        const std::size_t name = path.rfind('/');
        TRY_VOID(directories.add(existing(path.substr(0, name)) + path.substr(name)));
    }
    return directories.run();
}

// Makes the directories large in which something will be added on the living machine.
Result<void> enlarge_directories(const Vfat& spec, const Node& root) {
    std::vector<std::string> paths;
    walk(root, [&paths](const std::string& path, const Node& node) {
        if (node.grows) paths.push_back(existing(path) + "/");
    });
    if (paths.empty()) return {};
    const TemporaryDirectory place =
        TRY(TemporaryDirectory::make(spec.image.parent_path(), "room-"));
    std::vector<std::string> names;
    for (int number = 0; number < kFatRoomNames; ++number) {
        names.push_back(place.path() / fat_room_name(number));
        (void)TRY(open_file(names.back(), O_WRONLY | O_CREAT | O_EXCL, 0600));
    }
    Batch removal(spec, "mdel", "");
    for (const std::string& path : paths) {
        ToolRun copy = mtools(spec);
        copy.arguments.insert(copy.arguments.end(), names.begin(), names.end());
        copy.arguments.push_back(path);
        TRY_VOID(run_tool({.name = "mcopy", .package = "mtools"}, copy));
        TRY_VOID(removal.add(path + std::string(kFatRoomPrefix) + "*"));
    }
    return removal.run();
}

Result<void> copy_files(const Vfat& spec,
                        const Node& directory,
                        const std::string& path,
                        Progress& progress) {
    Batch files(spec, "mcopy", existing(path) + "/");
    for (const auto& [name, node] : directory.children) {
        if (node.kind != Node::Kind::file) continue;
        TRY_VOID(files.add(host_path(node, name)));
        progress.advance(node.size);
    }
    TRY_VOID(files.run());
    for (const auto& [name, node] : directory.children) {
        if (!node.is_directory()) continue;
        TRY_VOID(copy_files(spec, node, path + "/" + name, progress));
    }
    return {};
}

std::string joined_lines(const std::vector<std::string>& problems) {
    return fmt::format("{}", fmt::join(problems, "\n"));
}

// mtools store some names with "~" as other ones, and say nothing; short ones beyond ASCII become
// capitals.
// The names that are missing, a line for each.
Result<std::vector<std::string>> missing_names(const Vfat& spec, const Node& root) {
    std::vector<std::string> problems;
    if (root.children.empty()) return problems;  // mdir takes that for an error
    ToolRun run = mtools(spec);
    run.arguments.insert(run.arguments.end(), {"-b", "-/", "::"});
    const SpawnOutput listed = TRY(run_tool({.name = "mdir", .package = "mtools"}, run));
    std::set<std::string> names;
    std::istringstream lines(listed.output);
    for (std::string line; std::getline(lines, line);) names.insert(fat_name_key(line));
    walk(root, [&](const std::string& path, const Node& node) {
        const std::string name = "::" + path + (node.is_directory() ? "/" : "");
        if (names.contains(fat_name_key(name))) return;
        problems.push_back(path + ": mtools cannot write this name; rename it");
    });
    return problems;
}

Result<void> check_names(const Vfat& spec, const Node& root) {
    const std::vector<std::string> problems = TRY(missing_names(spec, root));
    if (problems.empty()) return {};
    return Error{Errc::invalid_input, joined_lines(problems)};
}

Result<void> format_vfat(const Vfat& spec) {
    const FatShape shape = fat_shape(spec.size);
    ToolRun format;
    std::string id = spec.id.text();
    std::erase(id, '-');
    format.arguments = {"--invariant",
                        "--mbr=n",
                        "-i",
                        id,
                        "-F",
                        std::to_string(shape.bits),
                        "-s",
                        std::to_string(shape.sectors_per_cluster),
                        "-h",
                        std::to_string(spec.first_lba),
                        "-n",
                        spec.label.empty() ? "NO NAME" : spec.label,
                        fmt::format("--offset={}", spec.offset / kSector),
                        spec.image.string(),
                        std::to_string(spec.size / kKiB)};
    TRY_VOID(run_tool({.name = "mkfs.fat", .package = "dosfstools"}, format));
    return {};
}

bool is_ascii(const std::string& name) {
    return std::ranges::all_of(name, [](unsigned char c) { return c < 0x80; });
}

// Where two names of one directory become one in the character set of short names ("f" and
// "\u0192"), mmd fails, but mcopy looks for a free name for ever. So the names of a directory that
// has any beyond ASCII are first tried with mmd, in a file system of their own.
Result<void> try_names(const Vfat& spec, const Node& directory, const std::string& path) {
    for (const auto& [name, node] : directory.children) {
        if (node.is_directory()) TRY_VOID(try_names(spec, node, path + "/" + name));
    }
    Node names = made_directory(0);
    for (const auto& [name, node] : directory.children) names.children[name] = made_directory(0);
    if (std::ranges::all_of(names.children,
                            [](const auto& child) { return is_ascii(child.first); }))
        return {};
    const TemporaryDirectory place =
        TRY(TemporaryDirectory::make(spec.image.parent_path(), "names-"));
    const Vfat trial{.image = place.path() / "fat", .size = fat_size_for(names), .id = spec.id};
    TRY_VOID(make_sparse(trial.image, trial.size));
    TRY_VOID(format_vfat(trial));
    Result<void> made = make_directories(trial, names);
    if (made) return {};
    const std::vector<std::string> missing = TRY(missing_names(trial, names));
    if (missing.empty()) return made;
    // mmd stops there; later ones may be right.
    return Error{Errc::invalid_input,
                 path + missing.front() + " (it has the short name of another one beside it)"};
}

}  // namespace

FatShape fat_shape(std::uint64_t bytes) {
    constexpr std::uint64_t kGiB = 1024 * kMiB;
    if (bytes < 4 * kMiB) return {.bits = 12, .sectors_per_cluster = bytes < 2 * kMiB ? 1U : 4U};
    if (bytes < 36 * kMiB) return {.bits = 16, .sectors_per_cluster = bytes < 16 * kMiB ? 1U : 2U};
    if (bytes <= 260 * kMiB) return {.bits = 32, .sectors_per_cluster = 1};
    if (bytes <= 8 * kGiB) return {.bits = 32, .sectors_per_cluster = 8};
    if (bytes <= 16 * kGiB) return {.bits = 32, .sectors_per_cluster = 16};
    if (bytes <= 32 * kGiB) return {.bits = 32, .sectors_per_cluster = 32};
    return {.bits = 32, .sectors_per_cluster = 64};
}

std::uint64_t fat_needs(const Node& root, const FatShape& shape) {
    const std::uint64_t cluster = cluster_bytes(shape);
    std::uint64_t bytes = round_up(directory_bytes(root), cluster);
    walk(root, [&](const std::string&, const Node& node) {
        bytes += round_up(node.is_directory() ? directory_bytes(node) : node.size, cluster);
    });
    return bytes;
}

std::uint64_t fat_free(std::uint64_t bytes) {
    const FatShape shape = fat_shape(bytes);
    constexpr std::uint64_t kTables = 2;
    constexpr std::uint64_t kRootSectors = 64;  // FAT12 and FAT16: at most 512 fixed entries, twice
    const std::uint64_t sectors = bytes / kSector;
    const std::uint64_t clusters = sectors / shape.sectors_per_cluster + 2;
    const std::uint64_t table = divide_up(clusters * shape.bits, 8 * kSector);
    // Tables are aligned to clusters, and one cluster is the root directory's.
    const std::uint64_t used =
        kReservedSectors + kTables * table + kRootSectors + 3 * shape.sectors_per_cluster;
    if (sectors <= used) return 0;
    return (sectors - used) / shape.sectors_per_cluster * cluster_bytes(shape);
}

std::uint64_t fat_size_for(const Node& root) {
    constexpr std::uint64_t kLeastFat32 = 36 * kMiB;
    std::uint64_t bytes = kLeastFat32;
    while (true) {
        const std::uint64_t needs = fat_needs(root, fat_shape(bytes));
        const std::uint64_t free = fat_free(bytes);
        if (free >= needs) return bytes;
        bytes = round_up(bytes + (needs - free), kMiB);
    }
}

Result<void> make_vfat(const Vfat& spec, const Node& root, Progress& progress) {
    const std::vector<std::string> problems = check_fat_tree(root);
    if (!problems.empty()) return Error{Errc::invalid_input, joined_lines(problems)};
    TRY_VOID(try_names(spec, root, ""));
    TRY_VOID(format_vfat(spec));
    TRY_VOID(make_directories(spec, root));
    TRY_VOID(enlarge_directories(spec, root));
    TRY_VOID(copy_files(spec, root, "", progress));
    return check_names(spec, root);
}

}  // namespace cordwainer::image
