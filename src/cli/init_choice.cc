#include "cli/init_choice.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "bootloaders/grub/disk_installer.h"
#include "bootloaders/grub/module_directory.h"
#include "bootloaders/grub/platform.h"
#include "bootloaders/grub/readability.h"
#include "cli/output.h"

namespace cordwainer::cli {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
// Of what is not kernels: modules for two platforms, menus, programs, with some room.
constexpr std::uint64_t kLoaderBytes = 16 * kMiB;
constexpr std::uint64_t kUnknownGeneration = 96 * kMiB;  // where there is none to look at
constexpr std::uint64_t kMostGenerations = 20;

constexpr const char* kFiles = "/boot/grub";

// As a TOML string. What JSON escapes TOML reads the same way (TOML 1.0.0, String).
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string lower(std::string text) {
    std::ranges::transform(
        text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// GRUB's name for what runs on this firmware; none where there is no GRUB for it here.
std::optional<std::string> platform_of(const FirmwareFacts& firmware) {
    const std::string& cpu = firmware.processor;
    const bool x86 = cpu == "x86_64" || (cpu.size() == 4 && cpu.ends_with("86"));
    if (!firmware.uefi) return x86 ? std::optional<std::string>(grub::kBiosPlatform) : std::nullopt;
    if (x86) return firmware.bits == 32 ? "i386-efi" : "x86_64-efi";
    if (cpu == "aarch64" && firmware.bits == 64) return "arm64-efi";
    return std::nullopt;
}

std::string grub_packages(const std::string& platform) {
    constexpr std::array<std::pair<std::string_view, const char*>, 4> kPackages = {{
        {"i386-pc", "grub-pc-bin"},
        {"x86_64-efi", "grub-efi-amd64-bin"},
        {"i386-efi", "grub-efi-ia32-bin"},
        {"arm64-efi", "grub-efi-arm64-bin"},
    }};
    const auto found =
        std::ranges::find(kPackages, platform, &decltype(kPackages)::value_type::first);
    return fmt::format("grub-common and {}", found == kPackages.end() ? "" : found->second);
}

Error impossible(const std::string& why) {
    return {Errc::unsupported, why};
}

Result<std::string> wanted_platform(const FirmwareFacts& firmware) {
    if (auto platform = platform_of(firmware)) return *std::move(platform);
    return impossible(fmt::format("there is none for {} with {}-bit {}",
                                  firmware.processor,
                                  firmware.bits,
                                  firmware.uefi ? "UEFI" : "BIOS"));
}

const DiskFacts* disk_named(const InitFacts& facts, const std::string& node) {
    const auto& disks = facts.machine.disks;
    const auto found = std::ranges::find(disks, node, &DiskFacts::node);
    return found == disks.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> free_at(const InitFacts& facts, const std::string& mount_point) {
    const auto found = facts.machine.free_bytes.find(mount_point);
    return found == facts.machine.free_bytes.end() ? std::nullopt : std::optional(found->second);
}

// Room for kernels: how many generations a place takes if each has a kernel and initrd of its own,
// and one more of them while it is updated.
struct Room {
    std::uint64_t generations = kMostGenerations;
    std::string text;  // "401.0 MiB are free, and a generation takes 61.3 MiB"
};

Room room_at(const InitFacts& facts, const std::string& mount_point) {
    const bool known = facts.generations.largest > 0;
    const std::uint64_t each = known ? facts.generations.largest : kUnknownGeneration;
    const auto free = free_at(facts, mount_point);
    if (!free) return {.generations = kMostGenerations, .text = "it is not known what is free"};
    Room room{.generations = 0,
              .text = fmt::format("{} are free, and a generation takes {}{}",
                                  human_size(*free),
                                  known ? "" : "perhaps ",
                                  human_size(each))};
    const std::uint64_t count = *free > kLoaderBytes ? (*free - kLoaderBytes) / each : 0;
    if (count > 1) room.generations = std::min(kMostGenerations, count - 1);
    return room;
}

Setting limit_of(const Room& room, const std::string& mount_point) {
    return {.key = "max-generations",
            .value = std::to_string(room.generations),
            .why = fmt::format("How many generations get an entry, and so room for their kernels, "
                               "on {}, where {}.",
                               mount_point,
                               room.text)};
}

// EFI system partitions to install to, and what is to be said of the others.
struct Esps {
    std::vector<const EspFacts*> used;
    std::vector<std::string> warnings;
};

std::string how_to_mount(const EspFacts& esp) {
    if (esp.uuid.empty())
        return fmt::format("make a file system with `mkfs.fat -F 32 {}` and mount it", esp.node);
    return fmt::format(
        "mount it, with a line like `UUID={} /boot/efi vfat umask=0077 0 2` in "
        "/etc/fstab",
        esp.uuid);
}

std::optional<std::string> why_not_used(const InitFacts& facts, const EspFacts& esp) {
    const DiskFacts* disk = disk_named(facts, esp.disk);
    if (disk && disk->removable && !disk->of_system) {
        return fmt::format("{} at {} is left out, since it is on the removable disk {}.",
                           esp.node,
                           esp.mount_point.value_or(""),
                           esp.disk);
    }
    const MountedVolume* volume = volume_of(facts.machine.volumes, *esp.mount_point);
    if (volume && volume->mount_point == *esp.mount_point && volume->volume.file_system != "vfat") {
        return fmt::format(
            "{} at {} is left out, since UEFI firmware does not read its file "
            "system of type {}.",
            esp.node,
            *esp.mount_point,
            volume->volume.file_system);
    }
    return std::nullopt;
}

Result<Esps> choose_esps(const InitFacts& facts) {
    Esps esps;
    std::string unmounted;
    for (const EspFacts& esp : facts.machine.esps) {
        if (!esp.mount_point) {
            const DiskFacts* disk = disk_named(facts, esp.disk);
            unmounted += fmt::format("; {} is one: {}", esp.node, how_to_mount(esp));
            if (disk && disk->of_system) {
                esps.warnings.push_back(fmt::format(
                    "The EFI system partition {} is not mounted and gets nothing; {}, and run "
                    "`cordwainer init` again.",
                    esp.node,
                    how_to_mount(esp)));
            }
            continue;
        }
        if (auto why = why_not_used(facts, esp)) {
            esps.warnings.push_back(*std::move(why));
        } else {
            esps.used.push_back(&esp);
        }
    }
    if (!esps.used.empty()) return esps;
    if (facts.machine.esps.empty()) {
        return impossible(
            "this machine has no EFI system partition: make one of 512 MiB (type ef00 of a GPT), "
            "and mount it at /boot/efi");
    }
    return impossible("no EFI system partition is mounted" + unmounted);
}

Setting esp_setting(const Esps& esps) {
    std::vector<std::string> places;
    for (const EspFacts* esp : esps.used) places.push_back(quoted(*esp->mount_point));
    std::string why = "Where the EFI system partition is mounted, from which this firmware boots.";
    if (places.size() > 1) {
        why = fmt::format(
            "The EFI system partitions of {} disks, each of which is kept complete "
            "by itself: the machine boots from any of them.",
            places.size());
    }
    return {.key = "esp", .value = fmt::format("[{}]", fmt::join(places, ", ")), .why = why};
}

bool is_own(const std::string& program) {
    return lower(program).starts_with("efi/cordwainer/");
}

// "efi/boot/bootx64.efi": where firmware looks by itself.
bool is_found_by_firmware(const std::string& program) {
    return lower(program).starts_with("efi/boot/boot");
}

// Another system's loader where firmware looks by itself, as the path of the file; none where
// cordwainer is there already.
std::optional<std::string> other_found_by_firmware(const EspFacts& esp) {
    if (std::ranges::any_of(esp.programs, is_own)) return std::nullopt;
    const auto found = std::ranges::find_if(esp.programs, is_found_by_firmware);
    if (found == esp.programs.end()) return std::nullopt;
    return *esp.mount_point + "/" + *found;
}

// Whether the firmware's list of boot entries is to have one of cordwainer's: where it names
// others, it never comes to look by itself; and where another system's loader would be replaced.
std::optional<Setting> entry_setting(const FirmwareFacts& firmware, const Esps& esps) {
    if (!firmware.entries) return std::nullopt;
    Setting setting{.key = "removable", .value = "false", .why = {}};
    for (const LoaderEntry& entry : *firmware.entries) {
        if (is_found_by_firmware(entry.path)) continue;
        setting.why = fmt::format(
            "The firmware has a list of boot entries, in which \"{}\" starts {}, and looks for no "
            "other loader while something in it starts: so the list gets an entry of cordwainer's, "
            "in front.",
            entry.title,
            entry.path);
        return setting;
    }
    for (const EspFacts* esp : esps.used) {
        const auto other = other_found_by_firmware(*esp);
        if (!other) continue;
        setting.why = fmt::format(
            "{}, which the firmware finds by itself, is another loader's and stays: the firmware's "
            "list of boot entries gets one of cordwainer's.",
            *other);
        return setting;
    }
    return std::nullopt;
}

// What else is on the ESPs, and what will become of it. `has_entry`: the firmware's list gets one.
void warn_of_others(const Esps& esps, bool has_entry, std::vector<std::string>& warnings) {
    for (const EspFacts* esp : esps.used) {
        const auto found = other_found_by_firmware(*esp);
        if (found && !has_entry)
            warnings.push_back(*found + " is another loader's and will be replaced.");
        const auto other = std::ranges::find_if(esp->programs, [](const std::string& program) {
            return !is_own(program) && !is_found_by_firmware(program);
        });
        if (other == esp->programs.end()) continue;
        warnings.push_back(fmt::format(
            "{} has other loaders too ({}), which stay{}.",
            *esp->mount_point,
            *other,
            has_entry ? ""
                      : ": where the firmware's own list names one of them first, choose the disk "
                        "itself in the firmware's setup"));
    }
}

void add_entry(const FirmwareFacts& firmware, const Esps& esps, Proposal& proposal) {
    std::optional<Setting> setting = entry_setting(firmware, esps);
    warn_of_others(esps, setting.has_value(), proposal.warnings);
    if (setting) proposal.settings.push_back(*std::move(setting));
}

void warn_of_secure_boot(const FirmwareFacts& firmware,
                         const std::string& bootloader,
                         std::vector<std::string>& warnings) {
    if (firmware.secure_boot != FirmwareFacts::SecureBoot::on) return;
    const std::string instead =
        bootloader == "grub"
            ? "or use systemd-boot with a program and kernels that you sign with a key which the "
              "firmware has"
            : "or sign the program (in the directory that `package` names) and the kernels with a "
              "key which the firmware has";
    warnings.push_back(fmt::format(
        "Secure Boot is on, and the firmware will not start what is installed, since nothing of it "
        "is signed: switch Secure Boot off in the firmware's setup, {}.",
        instead));
}

// Where GRUB's menu goes.
struct FilesPlace {
    Setting setting;
    std::string mount_point;
    std::vector<std::string> warnings;
};

std::optional<std::string> why_unreadable_by(const std::vector<grub::ModuleDirectory>& directories,
                                             const Volume& volume) {
    for (const grub::ModuleDirectory& directory : directories) {
        if (auto why = grub::why_unreadable(volume, directory)) return why;
    }
    return std::nullopt;
}

// As a clause behind "… lies in".
std::optional<std::string> why_no_menu_on(const Volume& volume,
                                          const grub::ModuleDirectory& directory) {
    constexpr std::array<std::string_view, 6> kWritten = {
        "ext2", "ext3", "ext4", "xfs", "btrfs", "vfat"};
    if (auto why = grub::why_unreadable(volume, directory)) return why;
    if (std::ranges::find(kWritten, volume.file_system) != kWritten.end()) return std::nullopt;
    return fmt::format("a file system of type {}, where no update is safe against power cuts",
                       volume.file_system);
}

FilesPlace usual_place(const MountedVolume& mounted, const grub::ModuleDirectory& directory) {
    FilesPlace place{.setting = {.key = "files", .value = quoted(kFiles), .why = {}},
                     .mount_point = mounted.mount_point,
                     .warnings = {}};
    std::string& why = place.setting.why;
    why = fmt::format(
        "The directory for GRUB's menu and modules, on {} at {}{}, which GRUB {} "
        "reads",
        mounted.volume.file_system,
        mounted.mount_point,
        mounted.prefix.empty() ? "" : fmt::format(" (subvolume {})", mounted.prefix),
        directory.version.text());
    const bool locked = std::ranges::any_of(mounted.volume.layers, [](const StorageLayer& layer) {
        return std::holds_alternative<LuksContainer>(layer);
    });
    if (locked) why += "; it is encrypted, so GRUB asks for its passphrase before the menu";
    why += '.';
    if (const auto hint = grub::reading_hint(mounted.volume, directory)) {
        place.warnings.push_back(*hint + ".");
    }
    return place;
}

Result<FilesPlace> choose_files(const InitFacts& facts,
                                const grub::ModuleDirectory& directory,
                                const Esps* esps) {
    const MountedVolume* usual = volume_of(facts.machine.volumes, kFiles);
    const auto why = usual ? why_no_menu_on(usual->volume, directory)
                           : std::optional<std::string>("a file system that is not known here");
    if (!why) return usual_place(*usual, directory);
    const std::string there = fmt::format("{} lies in {}", kFiles, *why);
    if (!esps) {
        return impossible(there +
                          "; an unencrypted ext4 of 512 MiB that is mounted at /boot would do");
    }
    const std::string& mount_point = *esps->used.front()->mount_point;
    const Room room = room_at(facts, mount_point);
    if (room.generations == 0) {
        return impossible(fmt::format("{}; and on {} there is not room for two generations: {}",
                                      there,
                                      mount_point,
                                      room.text));
    }
    FilesPlace place{.setting = {.key = "files",
                                 .value = quoted(mount_point + "/grub"),
                                 .why = fmt::format("GRUB's menu and modules go to the EFI system "
                                                    "partition, because {}.",
                                                    there)},
                     .mount_point = mount_point,
                     .warnings = {}};
    if (esps->used.size() > 1) {
        place.warnings.push_back(fmt::format(
            "The menu is on {} alone: without that disk the machine does not boot.", mount_point));
    }
    return place;
}

// Kernels that GRUB cannot read where they are get copied beside the menu.
Result<void> add_copies(const InitFacts& facts,
                        const grub::ModuleDirectory& directory,
                        const FilesPlace& files,
                        Proposal& proposal) {
    const MountedVolume* kernels = volume_of(facts.machine.volumes, facts.generations.kernel);
    const auto why = kernels ? why_unreadable_by({directory}, kernels->volume) : std::nullopt;
    if (!why) return {};
    const Room room = room_at(facts, files.mount_point);
    if (room.generations == 0) {
        return impossible(
            fmt::format("kernels lie in {}; and on {} there is not room for the "
                        "copies of two generations: {}",
                        *why,
                        files.mount_point,
                        room.text));
    }
    proposal.settings.push_back(limit_of(room, files.mount_point));
    proposal.warnings.push_back(
        fmt::format("Kernels and initrds are copied to {}, because they lie in {}. Anyone with the "
                    "disk can read the copies, so the initrds must hold no secrets.",
                    files.mount_point,
                    *why));
    return {};
}

void add_package(const InitFacts& facts, Proposal& proposal) {
    if (facts.grub == "/usr") return;
    proposal.settings.push_back(
        {.key = "package", .value = quoted(facts.grub), .why = "Where GRUB is on this machine."});
}

Result<grub::ModuleDirectory> grub_for(const InitFacts& facts, const std::string& platform) {
    if (!facts.has_grub(platform)) {
        return impossible(fmt::format("it is not installed here for {} (Debian packages: {})",
                                      platform,
                                      grub_packages(platform)));
    }
    return grub::read_module_directory(facts.grub_files, facts.grub + "/lib/grub/" + platform);
}

std::string disk_value(const InitFacts& facts, const DiskFacts& disk) {
    const auto same =
        std::ranges::count(facts.machine.disks, disk.table_uuid, &DiskFacts::table_uuid);
    if (!disk.table_uuid.empty() && same == 1) {
        return fmt::format("{{ ptuuid = {} }}", quoted(disk.table_uuid));
    }
    return quoted(disk.name.empty() ? disk.node : disk.name);
}

std::string describe(const DiskFacts& disk) {
    return disk.vendor.empty() ? disk.node : fmt::format("{} ({})", disk.node, disk.vendor);
}

Result<Setting> choose_disks(const InitFacts& facts, std::vector<std::string>& warnings) {
    std::vector<std::string> values;
    std::vector<std::string> names;
    std::vector<std::string> problems;
    for (const DiskFacts& disk : facts.machine.disks) {
        if (!disk.of_system) continue;
        if (const auto why = grub::why_no_place(disk.observed)) {
            problems.push_back(fmt::format("{}: {}", describe(disk), *why));
            continue;
        }
        values.push_back(disk_value(facts, disk));
        names.push_back(describe(disk));
    }
    if (values.empty()) {
        return impossible(problems.empty() ? "no disk is known that the system lies on"
                                           : fmt::format("{}", fmt::join(problems, "; ")));
    }
    for (const std::string& problem : problems) {
        warnings.push_back(fmt::format("One disk of the system gets no boot code. {}.", problem));
    }
    const bool one = values.size() == 1;
    return Setting{
        .key = "disk",
        .value = one ? values.front() : fmt::format("[{}]", fmt::join(values, ", ")),
        .why = one ? fmt::format("The disk that a BIOS starts, by its partition table: now {}, "
                                 "which the system lies on.",
                                 names.front())
                   : fmt::format("The disks that the system lies on, by their partition tables, so "
                                 "that a BIOS can start any of them: now {}.",
                                 fmt::join(names, ", "))};
}

Result<Proposal> propose_grub(const InitFacts& facts) {
    const FirmwareFacts& firmware = facts.machine.firmware;
    const std::string platform = TRY(wanted_platform(firmware));
    const grub::ModuleDirectory directory = TRY(grub_for(facts, platform));
    Proposal proposal{.bootloader = "grub",
                      .why = fmt::format("GRUB {} is here for {}, which is what this firmware "
                                         "starts.",
                                         directory.version.text(),
                                         platform),
                      .settings = {},
                      .warnings = {}};
    std::optional<Esps> esps;
    if (firmware.uefi) esps = TRY(choose_esps(facts));
    const FilesPlace files = TRY(choose_files(facts, directory, esps ? &*esps : nullptr));
    proposal.settings.push_back(files.setting);
    if (esps) {
        proposal.settings.push_back(esp_setting(*esps));
        if (platform != "x86_64-efi") {
            proposal.settings.push_back(
                {.key = "platforms",
                 .value = fmt::format("[{}]", quoted(platform)),
                 .why = fmt::format("This machine's firmware is {}-bit, on {}.",
                                    firmware.bits,
                                    firmware.processor)});
        }
    } else {
        proposal.settings.push_back(TRY(choose_disks(facts, proposal.warnings)));
    }
    add_package(facts, proposal);
    TRY_VOID(add_copies(facts, directory, files, proposal));
    std::ranges::copy(files.warnings, std::back_inserter(proposal.warnings));
    if (!esps) return proposal;
    std::ranges::copy(esps->warnings, std::back_inserter(proposal.warnings));
    add_entry(firmware, *esps, proposal);
    warn_of_secure_boot(firmware, proposal.bootloader, proposal.warnings);
    return proposal;
}

Result<Proposal> propose_systemd_boot(const InitFacts& facts) {
    const FirmwareFacts& firmware = facts.machine.firmware;
    if (!firmware.uefi) return impossible("it is for UEFI, and this machine was started by a BIOS");
    const std::string platform = TRY(wanted_platform(firmware));
    if (std::ranges::find(facts.systemd_boot, platform) == facts.systemd_boot.end()) {
        return impossible(fmt::format(
            "it is not installed here for {} (Debian package: systemd-boot-efi)", platform));
    }
    const Esps esps = TRY(choose_esps(facts));
    Room least;
    std::string smallest = *esps.used.front()->mount_point;
    for (const EspFacts* esp : esps.used) {
        const Room room = room_at(facts, *esp->mount_point);
        if (room.generations == 0) {
            return impossible(
                fmt::format("on {} there is not room for the kernels of two "
                            "generations: {}",
                            *esp->mount_point,
                            room.text));
        }
        if (least.text.empty() || room.generations < least.generations) {
            least = room;
            smallest = *esp->mount_point;
        }
    }
    Proposal proposal{.bootloader = "systemd-boot",
                      .why = fmt::format("systemd-boot is here for {}, which is what this firmware "
                                         "starts.",
                                         platform),
                      .settings = {esp_setting(esps)},
                      .warnings = esps.warnings};
    if (platform != "x86_64-efi") {
        proposal.settings.push_back({.key = "platforms",
                                     .value = fmt::format("[{}]", quoted(platform)),
                                     .why = "What this machine's firmware starts."});
    }
    proposal.settings.push_back(limit_of(least, smallest));
    proposal.warnings.emplace_back(
        "Kernels and initrds are copied to the EFI system partition, where anyone with the disk "
        "can "
        "read them, so the initrds must hold no secrets.");
    add_entry(firmware, esps, proposal);
    warn_of_secure_boot(firmware, proposal.bootloader, proposal.warnings);
    return proposal;
}

// Whether systemd-boot, and not GRUB, starts this machine, as far as the ESPs tell.
bool has_systemd_boot_now(const InitFacts& facts) {
    bool systemd = false;
    bool grub = false;
    for (const EspFacts& esp : facts.machine.esps) {
        for (const std::string& program : esp.programs) {
            const std::string name = lower(program);
            systemd = systemd || name.starts_with("efi/systemd/");
            grub = grub || name.find("/grub") != std::string::npos;
        }
    }
    return systemd && !grub;
}

}  // namespace

Result<Proposal> propose(const InitFacts& facts) {
    struct Way {
        const char* name;
        Result<Proposal> (*propose)(const InitFacts&);
    };

    std::array<Way, 2> ways = {Way{"GRUB", propose_grub},
                               Way{"systemd-boot", propose_systemd_boot}};
    const bool other_first = has_systemd_boot_now(facts);
    if (other_first) std::ranges::reverse(ways);
    Result<Proposal> first = ways[0].propose(facts);
    if (first) {
        if (other_first) first->why += " It is also what starts this machine now.";
        return first;
    }
    Result<Proposal> second = ways[1].propose(facts);
    if (second) {
        second->why +=
            fmt::format(" {} cannot be used: {}.", ways[0].name, first.error().message());
        return second;
    }
    return impossible(
        fmt::format("no bootloader can be proposed for this machine:\n  {}: {}\n  "
                    "{}: {}",
                    ways[0].name,
                    first.error().message(),
                    ways[1].name,
                    second.error().message()));
}

}  // namespace cordwainer::cli
