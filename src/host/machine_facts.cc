#include "host/machine_facts.h"

#include <algorithm>
#include <cctype>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <string_view>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <system_error>
#include <utility>

#include "core/bytes.h"
#include "host/firmware_list.h"
#include "host/firmware_variables.h"
#include "host/probe_devices.h"
#include "host/probe_disk.h"
#include "host/probe_mounts.h"
#include "host/probe_storage.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGptEsp = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
constexpr std::string_view kMbrEsp = "0xef";

std::string line_of(const fs::path& path) {
    Result<std::string> text = read_text_file(path);
    if (!text) return {};
    const std::size_t end = text->find_last_not_of(" \n");
    text->erase(end == std::string::npos ? 0 : end + 1);
    return *std::move(text);
}

// UEFI 2.10, section 3.3: 0 or 1; efivarfs puts four bytes of attributes in front.
FirmwareFacts::SecureBoot secure_boot(const fs::path& efi) {
    using SecureBoot = FirmwareFacts::SecureBoot;
    constexpr const char* kName = "efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    const Result<Bytes> value = read_file(efi / kName);
    if (!value || value->size() != 5) return SecureBoot::unknown;
    return value->back() == std::byte{0} ? SecureBoot::off : SecureBoot::on;
}

// Those of the order, which is what the firmware goes by, that it may start.
Result<std::vector<LoaderEntry>> loader_entries(const FirmwareVariables& variables) {
    const FirmwareList list = TRY(read_firmware_list(variables));
    std::vector<LoaderEntry> loaders;
    for (const std::uint16_t number : list.order) {
        const auto entry = std::ranges::find(list.entries, number, &BootEntry::number);
        if (entry == list.entries.end() || !entry->option.active || !entry->option.program)
            continue;
        loaders.push_back({entry->option.title, entry->option.program->path});
    }
    return loaders;
}

FirmwareFacts look_at_firmware(const fs::path& sys, const Root& system) {
    FirmwareFacts firmware;
    struct utsname names{};
    if (::uname(&names) == 0) firmware.processor = static_cast<const char*>(names.machine);
    const fs::path efi = sys / "firmware" / "efi";
    std::error_code failed;
    firmware.uefi = fs::is_directory(efi, failed);
    if (!firmware.uefi) return firmware;
    if (line_of(efi / "fw_platform_size") == "32") firmware.bits = 32;
    firmware.secure_boot = secure_boot(efi);
    Result<std::vector<LoaderEntry>> entries =
        loader_entries(FirmwareVariables(system.outside(kFirmwareVariables)));
    if (entries) firmware.entries = *std::move(entries);
    return firmware;
}

// A disk of the machine, and nothing that is made of files or memory.
bool is_hardware(const SystemDevice& device) {
    std::error_code failed;
    if (device.disk || device.size == 0) return false;
    return is_mapped_disk(device) || fs::exists(device.sys / "device", failed);
}

Result<DiskFacts::BootCode> boot_code_of(const fs::path& node) {
    using BootCode = DiskFacts::BootCode;
    constexpr std::size_t kCode = 440;  // bytes of code in an MBR
    const Fd fd = TRY(open_file(node, O_RDONLY));
    const Bytes sector = TRY(read_at(fd, 0, kCode, node.string()));
    const auto zero = [](std::byte byte) { return byte == std::byte{0}; };
    if (std::ranges::all_of(sector, zero)) return BootCode::none;
    // What GRUB's boot sector says where it cannot go on (boot.S).
    return to_text(sector).find("GRUB ") != std::string::npos ? BootCode::grub : BootCode::another;
}

class Look {
  public:
    Look(const Root& system, const MachinePlaces& places, MountTable mounts, Storage storage)
        : system_(system),
          places_(places),
          mounts_(std::move(mounts)),
          storage_(std::move(storage)) {}

    MachineFacts take(std::vector<MountedVolume> volumes) {
        facts_.firmware = look_at_firmware(places_.sys, system_);
        facts_.volumes = std::move(volumes);
        for (const MountedVolume& volume : facts_.volumes) measure(volume.mount_point);
        find_system_disks();
        for (const SystemDevice* disk : hardware()) add_disk(*disk);
        return std::move(facts_);
    }

  private:
    // The disks, without those that are only a way to another one (multipath).
    [[nodiscard]] std::vector<const SystemDevice*> hardware() const {
        std::set<std::string> ways;
        for (const SystemDevice& device : storage_.devices().all()) {
            if (is_mapped_disk(device)) ways.merge(storage_.devices().below(device, true));
        }
        std::vector<const SystemDevice*> disks;
        for (const SystemDevice& device : storage_.devices().all()) {
            if (is_hardware(device) && !ways.contains(device.name)) disks.push_back(&device);
        }
        return disks;
    }

    [[nodiscard]] const SystemDevice* device_at(const std::string& inside) const {
        const Mount* mount = mounts_.of(without_slashes_at_end(system_.outside(inside)));
        if (!mount) return nullptr;
        const SystemDevice* numbered = storage_.devices().numbered(mount->device);
        return numbered ? numbered : storage_.devices().at(mount->source);
    }

    void find_system_disks() {
        for (const char* place : {"/", "/boot"}) {
            const SystemDevice* device = device_at(place);
            if (!device) continue;
            for (const SystemDevice* disk : storage_.devices().disks_of(*device)) {
                system_disks_.insert(disk->name);
            }
        }
    }

    void measure(const std::string& mount_point) {
        const Result<Fd> directory = system_.open_file(mount_point, O_PATH | O_DIRECTORY);
        struct statvfs space{};
        if (!directory || ::fstatvfs(directory->get(), &space) != 0) return;
        facts_.free_bytes[mount_point] = std::uint64_t{space.f_bavail} * space.f_frsize;
    }

    void unseen(const std::string& what, const Error& error) {
        facts_.unseen.push_back(what + " could not be looked at: " + error.message());
    }

    void add_disk(const SystemDevice& device) {
        DiskFacts disk{.node = device.node.string(),
                       .name = lasting_name(device),
                       .vendor = vendor_of(device),
                       .bytes = device.size,
                       .removable = line_of(device.sys / "removable") == "1",
                       .of_system = system_disks_.contains(device.name),
                       .table_uuid = {},
                       .observed = {},
                       .boot_code = DiskFacts::BootCode::none};
        const Result<std::optional<DiskTable>>& table = storage_.table(device);
        if (!table) return unseen(disk.node, table.error());
        const auto observed = observe_disk(device.node, device.sector_size, *table);
        const auto code = boot_code_of(device.node);
        if (!observed) return unseen(disk.node, observed.error());
        if (!code) return unseen(disk.node, code.error());
        disk.observed = *observed;
        disk.boot_code = *code;
        if (*table) disk.table_uuid = (*table)->uuid;
        facts_.disks.push_back(std::move(disk));
        if (!*table) return;
        for (const TablePartition& partition : (*table)->partitions) {
            const bool esp = partition.type == kGptEsp || partition.type == kMbrEsp;
            if (esp) add_esp(device, partition.number);
        }
    }

    void add_esp(const SystemDevice& disk, int number) {
        const auto& all = storage_.devices().all();
        const auto found = std::ranges::find_if(all, [&](const SystemDevice& candidate) {
            return candidate.disk == disk.name && candidate.partition == number;
        });
        if (found == all.end()) return;
        EspFacts esp{.node = found->node.string(),
                     .disk = disk.node.string(),
                     .bytes = found->size,
                     .uuid = {},
                     .mount_point = mount_point_of(*found),
                     .programs = {}};
        const Result<Signature>& signature = storage_.signature(*found);
        if (!signature) return unseen(esp.node, signature.error());
        if (signature->has_file_system()) esp.uuid = signature->uuid;
        if (esp.mount_point) add_programs(esp);
        facts_.esps.push_back(std::move(esp));
    }

    [[nodiscard]] std::optional<std::string> mount_point_of(const SystemDevice& device) const {
        for (const Mount* mount : mounts_.visible()) {
            const bool whole = mount->device == device.number && mount->directory == "/";
            if (!whole || !lies_in(mount->mount_point, system_.path())) continue;
            const std::string inside = below(mount->mount_point, system_.path());
            return inside.empty() ? "/" : inside;
        }
        return std::nullopt;
    }

    // The EFI programs one directory below EFI.
    void add_programs(EspFacts& esp) {
        const auto root = system_.list(*esp.mount_point);
        if (!root) return unseen(*esp.mount_point, root.error());
        for (const DirectoryEntry& efi : *root) {
            if (lower(efi.name) != "efi" || efi.kind != FileKind::directory) continue;
            add_programs_in(esp, *esp.mount_point, efi.name);
        }
        std::ranges::sort(esp.programs);
    }

    void add_programs_in(EspFacts& esp, const std::string& mount_point, const std::string& efi) {
        const auto vendors = system_.list(mount_point + "/" + efi);
        if (!vendors) return unseen(mount_point + "/" + efi, vendors.error());
        for (const DirectoryEntry& vendor : *vendors) {
            const std::string path = efi + "/" + vendor.name;
            if (vendor.kind != FileKind::directory) continue;
            const auto files = system_.list(mount_point + "/" + path);
            if (!files) {
                unseen(mount_point + "/" + path, files.error());
                continue;
            }
            for (const DirectoryEntry& file : *files) {
                if (lower(file.name).ends_with(".efi"))
                    esp.programs.push_back(path + "/" + file.name);
            }
        }
    }

    static std::string lower(std::string text) {
        std::ranges::transform(
            text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return text;
    }

    // The first of its names in /dev/disk/by-id, by what it is and not by a number of the bus.
    [[nodiscard]] std::string lasting_name(const SystemDevice& device) const {
        std::string best;
        std::error_code failed;
        fs::directory_iterator entries(places_.dev / "disk" / "by-id", failed);
        for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
            std::error_code dangling;
            if (fs::canonical(entries->path(), dangling) != device.node || dangling) continue;
            const std::string name = "/dev/disk/by-id/" + entries->path().filename().string();
            const auto rank = [](const std::string& text) {
                const bool number = text.find("/wwn-") != std::string::npos ||
                                    text.find("/nvme-eui.") != std::string::npos;
                return std::pair(number, text);
            };
            if (best.empty() || rank(name) < rank(best)) best = name;
        }
        return best;
    }

    static std::string vendor_of(const SystemDevice& device) {
        const std::string vendor = line_of(device.sys / "device" / "vendor");
        std::string model = line_of(device.sys / "device" / "model");
        // A virtio disk has its vendor as a number.
        if (model.empty() || vendor.starts_with("0x")) return model;
        return vendor.empty() ? model : vendor + " " + model;
    }

    const Root& system_;
    const MachinePlaces& places_;
    MountTable mounts_;
    Storage storage_;
    std::set<std::string> system_disks_;
    MachineFacts facts_;
};

// What is mounted only when somebody looks is mounted: /boot and the usual places of an ESP.
void see_automounts(const Root& system) {
    for (const char* place : {"/boot/.", "/boot/efi/.", "/efi/."}) {
        static_cast<void>(system.open_file(place, O_PATH | O_DIRECTORY));
    }
}

}  // namespace

Result<MachineFacts> look_at_machine(const Root& system, const MachinePlaces& places) {
    see_automounts(system);
    const Probe probe = TRY(Probe::open(system, places));
    MountTable mounts = TRY(MountTable::read(places.mountinfo));
    SystemDevices devices = TRY(SystemDevices::read(places.sys, places.dev));
    Look look(system, places, std::move(mounts), Storage(std::move(devices), places.sys));
    return look.take(probe.volumes());
}

}  // namespace cordwainer
