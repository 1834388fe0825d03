#include "host/probe_devices.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <system_error>
#include <utility>

#include "sys/file_io.h"
#include "sys/interrupt.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSysfsSector = 512;  // the unit of `size`, whatever the device's own

// A one-line file of sysfs; nothing where it is missing.
std::optional<std::string> attribute(const fs::path& path) {
    Result<std::string> text = read_text_file(path);
    if (!text) return std::nullopt;
    while (text->ends_with('\n')) text->pop_back();
    return *std::move(text);
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> number_in(const fs::path& path) {
    const auto text = attribute(path);
    return text ? number(*text) : std::nullopt;
}

// "8:2"
std::optional<std::uint64_t> device_number(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto first = number(text.substr(0, colon));
    const auto second = number(text.substr(colon + 1));
    if (!first || !second) return std::nullopt;
    return makedev(static_cast<unsigned>(*first), static_cast<unsigned>(*second));
}

std::vector<std::string> names_in(const fs::path& directory) {
    std::vector<std::string> names;
    std::error_code failed;
    fs::directory_iterator entries(directory, failed);
    for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
        names.push_back(entries->path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

// sysfs has "!" where the name has "/".
std::string in_dev(std::string name) {
    std::ranges::replace(name, '!', '/');
    return name;
}

std::optional<SystemDevice> read_device(const fs::path& entry, const fs::path& dev) {
    std::error_code failed;
    SystemDevice device;
    device.name = entry.filename().string();
    device.node = dev / in_dev(device.name);
    device.sys = fs::canonical(entry, failed);
    if (failed) return std::nullopt;
    const auto id = device_number(attribute(device.sys / "dev").value_or(""));
    const auto sectors = number_in(device.sys / "size");
    if (!id || !sectors) return std::nullopt;
    device.number = *id;
    device.size = *sectors * kSysfsSector;
    fs::path whole = device.sys;
    if (const auto partition = number_in(device.sys / "partition")) {
        whole = device.sys.parent_path();
        device.disk = whole.filename().string();
        device.partition = static_cast<int>(*partition);
    }
    device.sector_size = static_cast<std::uint32_t>(
        number_in(whole / "queue" / "logical_block_size").value_or(kSysfsSector));
    device.parts_of = names_in(device.sys / "slaves");
    device.mapper_uuid = attribute(device.sys / "dm" / "uuid").value_or("");
    device.is_array = fs::exists(device.sys / "md", failed);
    return device;
}

}  // namespace

Result<SystemDevices> SystemDevices::read(const fs::path& sys, const fs::path& dev) {
    const fs::path directory = sys / "class" / "block";
    std::error_code failed;
    if (!fs::is_directory(directory, failed)) {
        return Error(Errc::not_found,
                     directory.string() + " is not there: mount sysfs on " + sys.string());
    }
    SystemDevices devices;
    devices.dev_ = dev;
    for (const std::string& name : names_in(directory)) {
        if (auto device = read_device(directory / name, dev))
            devices.all_.push_back(*std::move(device));
    }
    // What was not read any more is no device that is gone.
    if (stop_requested()) return stopped();
    return devices;
}

const SystemDevice* SystemDevices::named(const std::string& name) const {
    const auto found = std::ranges::find(all_, name, &SystemDevice::name);
    return found == all_.end() ? nullptr : &*found;
}

const SystemDevice* SystemDevices::numbered(std::uint64_t number) const {
    const auto found = std::ranges::find(all_, number, &SystemDevice::number);
    return found == all_.end() ? nullptr : &*found;
}

const SystemDevice* SystemDevices::at(const std::string& path) const {
    constexpr std::string_view kDev = "/dev/";
    const fs::path place =
        path.starts_with(kDev) ? dev_ / path.substr(kDev.size()) : fs::path(path);
    struct stat status{};
    if (::stat(place.c_str(), &status) != 0) return nullptr;
    // Its number, since a program may have made the node under a name of its own.
    if (S_ISBLK(status.st_mode)) return numbered(status.st_rdev);
    std::error_code failed;
    const fs::path real = fs::canonical(place, failed);
    const auto same = [&](const SystemDevice& device) {
        std::error_code missing;
        return !failed && fs::canonical(device.node, missing) == real && !missing;
    };
    const auto found = std::ranges::find_if(all_, same);
    return found == all_.end() ? nullptr : &*found;
}

void SystemDevices::collect_below(const SystemDevice& device,
                                  bool whole,
                                  std::set<std::string>& found) const {
    for (const std::string& name : device.parts_of) {
        const SystemDevice* part = named(name);
        if (part && found.insert(name).second) collect_below(*part, whole, found);
    }
    if (!device.disk) return;
    if (const SystemDevice* disk = named(*device.disk)) {
        if (!whole) found.insert(disk->name);
        collect_below(*disk, whole, found);
    }
}

std::set<std::string> SystemDevices::below(const SystemDevice& device, bool whole) const {
    std::set<std::string> found;
    collect_below(device, whole, found);
    return found;
}

std::vector<const SystemDevice*> SystemDevices::disks_of(const SystemDevice& device) const {
    if (device.disk) {
        const SystemDevice* disk = named(*device.disk);
        return disk ? disks_of(*disk) : std::vector<const SystemDevice*>{};
    }
    if (device.parts_of.empty() || is_mapped_disk(device)) return {&device};
    std::vector<const SystemDevice*> found;
    for (const std::string& name : device.parts_of) {
        const SystemDevice* part = named(name);
        if (!part) continue;
        for (const SystemDevice* disk : disks_of(*part)) {
            if (std::ranges::find(found, disk) == found.end()) found.push_back(disk);
        }
    }
    return found;
}

bool is_mapped_disk(const SystemDevice& device) {
    return device.mapper_uuid.starts_with("mpath-") || device.mapper_uuid.starts_with("DMRAID-");
}

bool is_mapped_partition(const SystemDevice& device) {
    constexpr std::string_view kPart = "part";
    const std::string& uuid = device.mapper_uuid;
    if (!uuid.starts_with(kPart)) return false;
    const std::size_t end = uuid.find_first_not_of("0123456789", kPart.size());
    return end != std::string::npos && end > kPart.size() && uuid[end] == '-';
}

}  // namespace cordwainer
