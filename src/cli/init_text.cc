#include "cli/init_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "bootloaders/grub/platform.h"
#include "cli/output.h"

namespace cordwainer::cli {
namespace {

// `text` as comment lines of at most 100 characters.
std::string comment(const std::string& text) {
    constexpr std::size_t kWidth = 100;
    std::string lines;
    std::string line = "#";
    const std::string shown = printable(text);
    std::string_view rest = shown;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (line.size() > 1 && line.size() + 1 + end > kWidth) {
            lines += line + "\n";
            line = "#";
        }
        line += fmt::format(" {}", rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return lines + line + "\n";
}

std::string firmware_text(const FirmwareFacts& firmware) {
    using SecureBoot = FirmwareFacts::SecureBoot;
    if (!firmware.uefi) return fmt::format("BIOS, {}", firmware.processor);
    const char* secure = firmware.secure_boot == SecureBoot::on    ? "on"
                         : firmware.secure_boot == SecureBoot::off ? "off"
                                                                   : "unknown";
    return fmt::format(
        "UEFI, {}-bit, {}, Secure Boot {}", firmware.bits, firmware.processor, secure);
}

std::string table_text(const ObservedDisk& disk) {
    if (!disk.table) return "no partition table";
    if (*disk.table == PartitionTable::Kind::mbr) return "MBR";
    return disk.bios_boot ? "GPT with a BIOS boot partition" : "GPT";
}

const char* boot_code_name(DiskFacts::BootCode code) {
    switch (code) {
        case DiskFacts::BootCode::none:
            return "none";
        case DiskFacts::BootCode::grub:
            return "GRUB";
        case DiskFacts::BootCode::another:
            break;
    }
    return "another";
}

std::string disk_text(const DiskFacts& disk) {
    std::string text = disk.node;
    if (!disk.vendor.empty()) text += fmt::format(" ({})", disk.vendor);
    text += fmt::format(", {}, {}", human_size(disk.bytes), table_text(disk.observed));
    if (disk.removable) text += ", removable";
    if (disk.of_system) text += ", has the system";
    if (disk.boot_code == DiskFacts::BootCode::none) return text;
    return text + fmt::format(", boot code: {}", boot_code_name(disk.boot_code));
}

std::string esp_text(const EspFacts& esp) {
    std::string text = fmt::format("{}, {}", esp.node, human_size(esp.bytes));
    if (!esp.mount_point) return text + ", not mounted";
    text += fmt::format(", at {}", *esp.mount_point);
    if (esp.programs.empty()) return text + ", has no loader";
    return text + fmt::format(": {}", fmt::join(esp.programs, ", "));
}

std::string layer_text(const StorageLayer& layer) {
    if (const auto* luks = std::get_if<LuksContainer>(&layer)) {
        return fmt::format(
            " in LUKS{} ({})", luks->version, fmt::join(luks->key_derivations, ", "));
    }
    if (const auto* array = std::get_if<RaidArray>(&layer)) return " on " + array->level;
    return std::holds_alternative<LogicalVolume>(layer) ? " on LVM" : "";
}

// Whether a disk is below it, so that a loader might read it.
bool is_on_disk(const MountedVolume& mounted) {
    return !mounted.volume.layers.empty() || mounted.volume.uuid;
}

std::string volume_text(const MountedVolume& mounted) {
    std::string text = fmt::format("{}: {}", mounted.mount_point, mounted.volume.file_system);
    if (!mounted.prefix.empty()) text += fmt::format(", {}", mounted.prefix);
    for (auto layer = mounted.volume.layers.rbegin(); layer != mounted.volume.layers.rend();
         ++layer) {
        text += layer_text(*layer);
    }
    return text;
}

std::vector<std::string> grub_platforms(const InitFacts& facts) {
    std::vector<std::string> found;
    const auto add = [&](std::string_view name) {
        if (facts.has_grub(std::string(name))) found.emplace_back(name);
    };
    add(grub::kBiosPlatform);
    for (const grub::Platform& platform : grub::efi_platforms()) add(platform.name);
    return found;
}

const char* system_name(GenerationFacts::System system) {
    switch (system) {
        case GenerationFacts::System::none:
            return "none";
        case GenerationFacts::System::guix:
            return "guix";
        case GenerationFacts::System::native:
            break;
    }
    return "native";
}

std::string generations_text(const GenerationFacts& facts) {
    if (facts.count == 0) return "none yet (`cordwainer generation add` makes one)";
    return fmt::format(
        "{}, {}",
        facts.count,
        facts.system == GenerationFacts::System::guix ? "Guix's" : "cordwainer's own");
}

std::string installable_text(const InitFacts& facts) {
    std::vector<std::string> all;
    const auto add = [&](const char* name, const std::vector<std::string>& platforms) {
        if (!platforms.empty())
            all.push_back(fmt::format("{} for {}", name, fmt::join(platforms, ", ")));
    };
    add("GRUB", grub_platforms(facts));
    add("systemd-boot", facts.systemd_boot);
    return all.empty() ? "nothing" : fmt::format("{}", fmt::join(all, "; "));
}

Json or_null(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json();
}

Json disk_json(const DiskFacts& disk) {
    Json table;
    if (disk.observed.table) {
        table = *disk.observed.table == PartitionTable::Kind::gpt ? "gpt" : "mbr";
    }
    return {{"device", disk.node},
            {"model", disk.vendor},
            {"bytes", disk.bytes},
            {"removable", disk.removable},
            {"system", disk.of_system},
            {"table", table},
            {"table_uuid", disk.table_uuid},
            {"bios_boot", disk.observed.bios_boot.has_value()},
            {"boot_code", boot_code_name(disk.boot_code)}};
}

}  // namespace

std::string proposal_toml(const Proposal& proposal) {
    std::string text = comment(fmt::format(
        "Proposed by `cordwainer init` from what it found. `cordwainer bootloaders {}` shows all "
        "keys, `cordwainer plan` what this does.",
        proposal.bootloader));
    for (const std::string& warning : proposal.warnings)
        text += "#\n" + comment("Note: " + warning);
    text += "\n" + comment(proposal.why);
    text += fmt::format("bootloader = \"{}\"\n\n[{}]\n", proposal.bootloader, proposal.bootloader);
    for (const Setting& setting : proposal.settings) {
        text += comment(setting.why) + fmt::format("{} = {}\n", setting.key, setting.value);
    }
    return text;
}

std::string findings_text(const InitFacts& facts) {
    std::string text = "Found on this machine:\n";
    const auto add = [&](const char* what, const std::string& found) {
        text += fmt::format("  {:<12} {}\n", what, printable(found));
    };
    add("firmware", firmware_text(facts.machine.firmware));
    if (const auto& entries = facts.machine.firmware.entries) {
        for (const LoaderEntry& entry : *entries)
            add("boot entry", fmt::format("{}: {}", entry.title, entry.path));
    }
    for (const DiskFacts& disk : facts.machine.disks) add("disk", disk_text(disk));
    for (const EspFacts& esp : facts.machine.esps) add("ESP", esp_text(esp));
    for (const MountedVolume& mounted : facts.machine.volumes) {
        if (is_on_disk(mounted)) add("file system", volume_text(mounted));
    }
    add("generations", generations_text(facts.generations));
    add("installable", installable_text(facts));
    for (const std::string& sentence : facts.machine.unseen) add("unseen", sentence);
    return text;
}

Json findings_json(const InitFacts& facts) {
    using SecureBoot = FirmwareFacts::SecureBoot;
    const FirmwareFacts& firmware = facts.machine.firmware;
    Json secure_boot;
    if (firmware.secure_boot != SecureBoot::unknown) {
        secure_boot = firmware.secure_boot == SecureBoot::on;
    }
    Json entries;
    if (firmware.entries) {
        entries = Json::array();
        for (const LoaderEntry& entry : *firmware.entries)
            entries.push_back({{"title", entry.title}, {"path", entry.path}});
    }
    Json disks = Json::array();
    for (const DiskFacts& disk : facts.machine.disks) disks.push_back(disk_json(disk));
    Json esps = Json::array();
    for (const EspFacts& esp : facts.machine.esps) {
        esps.push_back({{"device", esp.node},
                        {"disk", esp.disk},
                        {"bytes", esp.bytes},
                        {"mount_point", or_null(esp.mount_point)},
                        {"programs", esp.programs}});
    }
    Json volumes = Json::array();
    for (const MountedVolume& mounted : facts.machine.volumes) {
        if (!is_on_disk(mounted)) continue;
        const bool encrypted = std::ranges::any_of(
            mounted.volume.layers,
            [](const StorageLayer& layer) { return std::holds_alternative<LuksContainer>(layer); });
        volumes.push_back({{"mount_point", mounted.mount_point},
                           {"type", mounted.volume.file_system},
                           {"prefix", mounted.prefix},
                           {"encrypted", encrypted}});
    }
    return {
        {"firmware", firmware.uefi ? "uefi" : "bios"},
        {"bits", firmware.bits},
        {"processor", firmware.processor},
        {"secure_boot", secure_boot},
        {"boot_entries", entries},
        {"disks", disks},
        {"esps", esps},
        {"file_systems", volumes},
        {"generations",
         {{"system", system_name(facts.generations.system)},
          {"count", facts.generations.count},
          {"largest", facts.generations.largest}}},
        {"installable", {{"grub", grub_platforms(facts)}, {"systemd-boot", facts.systemd_boot}}},
        {"unseen", facts.machine.unseen}};
}

}  // namespace cordwainer::cli
