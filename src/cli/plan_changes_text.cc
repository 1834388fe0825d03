#include "cli/plan_changes_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <vector>

#include "cli/output.h"
#include "cli/short_paths.h"

namespace cordwainer::cli {
namespace {

constexpr std::size_t kMostEntries = 5;  // of a menu, that are new or gone
constexpr std::size_t kMostLines = 6;    // of one target, for each of what happens there
constexpr std::size_t kFewestFiles = 4;  // files that are alike and become one line

std::string count(std::size_t number, const char* what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

// Files of one directory and suffix, or a single one.
struct Group {
    std::string name;
    std::size_t files = 0;
    std::uint64_t bytes = 0;
    bool sized = true;  // whether all sizes are known
};

std::string text_of(const Group& group) {
    std::string text =
        group.files == 1 ? group.name : fmt::format("{} files {}", group.files, group.name);
    return text + (group.sized ? " (" + human_size(group.bytes) + ")" : " (still to be made)");
}

struct NamedFile {
    std::string path;
    std::optional<std::uint64_t> size;
};

std::string joint_name(const std::string& path) {
    return short_digests(directory_of(path)) + "*" + printable(suffix_of(path));
}

// In the order of the files; those that are many and alike as one.
std::vector<Group> grouped(const std::vector<NamedFile>& files) {
    std::map<std::string, std::size_t> alike;
    for (const NamedFile& file : files) ++alike[joint_name(file.path)];
    std::vector<Group> groups;
    for (const NamedFile& file : files) {
        const std::string joint = joint_name(file.path);
        const bool joined = alike[joint] >= kFewestFiles;
        const std::string name = joined ? joint : short_digests(file.path);
        auto group = std::ranges::find(groups, name, &Group::name);
        if (!joined || group == groups.end())
            group =
                groups.insert(groups.end(), {.name = name, .files = 0, .bytes = 0, .sized = true});
        ++group->files;
        group->bytes += file.size.value_or(0);
        group->sized = group->sized && file.size.has_value();
    }
    return groups;
}

// `whose` follows each.
std::string lines(const char* verb, const std::vector<NamedFile>& files, const char* whose = "") {
    const std::vector<Group> groups = grouped(files);
    std::string text;
    const std::size_t shown = groups.size() <= kMostLines ? groups.size() : kMostLines - 1;
    for (std::size_t i = 0; i < shown; ++i)
        text += fmt::format("  {:<8} {}{}\n", verb, text_of(groups[i]), whose);
    if (shown == groups.size()) return text;
    Group rest;
    for (std::size_t i = shown; i < groups.size(); ++i) {
        rest.files += groups[i].files;
        rest.bytes += groups[i].bytes;
    }
    return text +
           fmt::format(
               "  {:<8} {} more files ({}){}\n", verb, rest.files, human_size(rest.bytes), whose);
}

std::string place_of(const PlannedTarget& target) {
    return printable(target.spec.type == TargetType::file ? target.spec.path
                                                          : target.spec.block.value);
}

std::string fate_of(const std::optional<RemovedFile>& copy) {
    if (!copy) return "";
    return fmt::format(
        "; if that succeeds, {} ({}) goes", printable(copy->path.text()), human_size(copy->size));
}

std::string describe(const TargetChanges& changes) {
    std::string text = fmt::format("\n{}: {}{}{}\n",
                                   changes.target.id.text,
                                   place_of(changes.target),
                                   changes.former ? ", no longer a target" : "",
                                   changes.failing    ? ": fails, left as it is"
                                   : !changes.reached ? ": not there, left as it is"
                                                      : "");
    std::map<WrittenFile::Over, std::vector<NamedFile>> written;
    std::vector<NamedFile> removed;
    for (const WrittenFile& file : changes.written)
        written[file.over].push_back({file.path.text(), file.size});
    for (const RemovedFile& file : changes.removed)
        removed.push_back({file.path.text(), file.size});
    using Over = WrittenFile::Over;
    text += lines("write", written[Over::nothing]) + lines("replace", written[Over::ours]) +
            lines("replace", written[Over::other], ", which is not cordwainer's");
    if (changes.boot_code) {
        text +=
            fmt::format("  {:<8} boot code: a core image into LBA {} to {}, then the boot sector\n",
                        "switch",
                        changes.boot_code->first_lba,
                        changes.boot_code->first_lba + changes.boot_code->count - 1);
    }
    for (const EntryChange& change : changes.entries) {
        text += fmt::format("  {:<8} firmware entry \"{}\", where there is none for {}{}\n",
                            "add",
                            printable(change.entry.title),
                            printable(change.entry.path.text()),
                            fate_of(change.copy));
    }
    text += lines("remove", removed);
    if (changes.noted) text += fmt::format("  {:<8} what is installed here\n", "note");
    if (changes.kept > 0) text += fmt::format("  {:<8} {}\n", "keep", count(changes.kept, "file"));
    const bool is_disk = changes.target.spec.type == TargetType::block;
    if (is_disk && changes.reached && !changes.any())
        text += fmt::format("  {:<8} boot code\n", "keep");
    return text;
}

std::string entries(const char* sign, const std::vector<MenuEntry>& all) {
    std::string text;
    // The newest are those that one looks for.
    const std::size_t shown = all.size() <= kMostEntries ? all.size() : kMostEntries - 1;
    for (std::size_t i = 0; i < shown; ++i) {
        const MenuEntry& entry = all[all.size() - 1 - i];
        text += fmt::format("  {} {}{}{}\n",
                            sign,
                            entry.id.number,
                            entry.label.empty() ? "" : "  ",
                            printable(entry.label));
    }
    if (shown < all.size()) text += fmt::format("  {} {} more\n", sign, all.size() - shown);
    return text;
}

std::string number_of(const std::optional<GenerationId>& id) {
    return id ? std::to_string(id->number) : "none";
}

std::string describe(const MenuChanges& menu) {
    std::string text = fmt::format("\nMenu: {} added, {} gone, {} kept\n",
                                   count(menu.added.size(), "generation"),
                                   menu.gone.size(),
                                   menu.kept);
    text += entries("+", menu.added) + entries("-", menu.gone);
    if (menu.default_before == menu.default_after)
        return text +
               fmt::format("  by default {} boots, as before\n", number_of(menu.default_after));
    if (number_of(menu.default_before) == number_of(menu.default_after))
        return text + fmt::format("  by default {} boots, which is another one by now\n",
                                  number_of(menu.default_after));
    return text + fmt::format("  by default: {} → {}\n",
                              number_of(menu.default_before),
                              number_of(menu.default_after));
}

std::string total(const PlanChanges& changes) {
    std::uint64_t written = 0;
    std::uint64_t removed = 0;
    bool sized = true;
    for (const TargetChanges& target : changes.targets) {
        for (const WrittenFile& file : target.written) {
            written += file.size.value_or(0);
            sized = sized && file.size.has_value();
        }
        for (const RemovedFile& file : target.removed) removed += file.size;
    }
    return fmt::format("\nIn all {} of files are written{}, {} removed.\n",
                       human_size(written),
                       sized ? "" : " beside those still to be made",
                       human_size(removed));
}

}  // namespace

std::string render_changes(const PlanChanges& changes) {
    const bool none = changes.bootloader_after == "none";
    if (!changes.any() && changes.lacking && !none)
        return "nothing that could be done now is to be done; what is missing follows\n";
    if (!changes.any()) {
        return none ? "nothing is installed: the bootloader is \"none\"\n"
                    : "nothing to do: everything is installed as planned\n";
    }
    std::string text = "Bootloader: ";
    const std::string& before = changes.bootloader_before;
    if (!before.empty() && before != changes.bootloader_after) text += printable(before) + " → ";
    text += printable(changes.bootloader_after) + "\n";
    if (!none) text += describe(changes.menu);
    for (const TargetChanges& target : changes.targets) text += describe(target);
    return text + total(changes);
}

}  // namespace cordwainer::cli
