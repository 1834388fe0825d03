#include "bootloaders/grub/environment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <variant>

#include "bootloaders/grub/menu_entry.h"

namespace cordwainer::grub {
namespace {

constexpr std::array<std::string_view, 5> kWritten{"ext2", "ext3", "ext4", "xfs", "vfat"};

// From the directory of the menu, also where another GRUB has handed over to it.
constexpr const char* kFile = "\"$prefix/../grubenv\"";

struct LayerName {
    std::string operator()(const PartitionTable& /*table*/) const { return ""; }

    std::string operator()(const LuksContainer& /*luks*/) const { return "in a LUKS container"; }

    std::string operator()(const LogicalVolume& /*volume*/) const { return "on a logical volume"; }

    std::string operator()(const RaidArray& /*array*/) const { return "on a RAID array"; }
};

std::string load() {
    return "load_env --file " + std::string(kFile) + " " + kNextEntry;
}

}  // namespace

std::optional<std::string> why_not_written(const Volume& volume) {
    for (const StorageLayer& layer : volume.layers) {
        const std::string name = std::visit(LayerName{}, layer);
        if (!name.empty()) return "is " + name;
    }
    if (std::ranges::find(kWritten, volume.file_system) != kWritten.end()) return std::nullopt;
    return "is " + volume.file_system;
}

std::string next_entry_of(std::uint64_t generation) {
    return std::string(kOlderId) + ">" + entry_id(generation);
}

std::optional<std::uint64_t> generation_of_next_entry(std::string_view value) {
    std::string begin = next_entry_of(0);
    begin.pop_back();
    if (!value.starts_with(begin)) return std::nullopt;
    value.remove_prefix(begin.size());
    std::uint64_t number = 0;
    const char* end = value.data() + value.size();
    const auto [stop, failed] = std::from_chars(value.data(), end, number);
    if (failed != std::errc{} || stop != end) return std::nullopt;
    return number;
}

bool has_entry(std::string_view menu, std::uint64_t generation) {
    const std::string id = " --id " + entry_id(generation);
    while (!menu.empty()) {
        const std::size_t end = std::min(menu.find('\n'), menu.size());
        const std::string_view line = menu.substr(0, end);
        menu.remove_prefix(std::min(end + 1, menu.size()));
        // A title may hold anything, but neither begins nor ends such a line.
        if (!line.starts_with("menuentry ")) continue;
        const bool found = line.ends_with(id + " {") || line.ends_with(id + " --unrestricted {") ||
                           line.starts_with("menuentry" + id + " ");
        if (found) return true;
    }
    return false;
}

void write_once(Script& script, const Menu& menu) {
    script.line("set next_entry=");
    script.line("if [ -s " + std::string(kFile) + " ]; then").indent();
    script.line(load()).outdent().line("fi");
    script.line("if [ -n \"$next_entry\" ]; then").indent();
    script.line("set once=\"$next_entry\"");
    if (!menu.generations.empty()) {
        const std::uint64_t newest = menu.generations.front();
        script.begin("if [ \"$once\" =").word(next_entry_of(newest)).raw("]; then").end().indent();
        script.line("set once=" + entry_id(newest)).outdent().line("fi");
    }
    script.line("set next_entry=");
    script.line("if save_env --file " + std::string(kFile) + " next_entry; then").indent();
    script.line(load());
    script.line("if [ -z \"$next_entry\" ]; then").indent();
    script.line("set default=\"$once\"").outdent().line("fi");
    script.outdent().line("fi").outdent().line("fi");
}

}  // namespace cordwainer::grub
