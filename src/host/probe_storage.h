// The volumes on the machine's devices, with all that lies between the disks and their files.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "host/probe_devices.h"
#include "host/probe_signatures.h"
#include "model/volume.h"

namespace cordwainer {

// Reads each device at most once.
class Storage {
  public:
    Storage(SystemDevices devices, std::filesystem::path sys)
        : devices_(std::move(devices)), sys_(std::move(sys)) {}

    [[nodiscard]] const SystemDevices& devices() const { return devices_; }

    [[nodiscard]] const Result<Signature>& signature(const SystemDevice& device);
    [[nodiscard]] const Result<std::optional<DiskTable>>& table(const SystemDevice& device);

    // Whether the device is one to look for a file system on: no disk with a partition table, where
    // a signature is the rest of something older, and no partition for the boot code of BIOS, whose
    // content is left unread.
    [[nodiscard]] bool may_hold_file_system(const SystemDevice& device);

    // The file system on the device. unsupported where something is below it that a `Volume` cannot
    // describe (dm-crypt without LUKS, bcache); not_found where no file system is there.
    [[nodiscard]] const Result<Volume>& volume(const SystemDevice& device);

  private:
    using Layers = std::vector<StorageLayer>;

    Result<Volume> read_volume(const SystemDevice& device);
    Result<std::vector<const SystemDevice*>> members(const SystemDevice& device,
                                                     const Signature& signature) const;
    Result<void> add_layers(const SystemDevice& device, const std::string& group, Layers& layers);
    Result<void> add_table(const SystemDevice& disk, Layers& layers);
    Result<RaidArray> array(const SystemDevice& device);
    Result<LogicalVolume> logical_volume(const SystemDevice& device);
    Result<std::string> segment_type(const std::string& volume_uuid);

    SystemDevices devices_;
    std::filesystem::path sys_;
    std::map<std::string, Result<Signature>> signatures_;  // by the devices' names
    std::map<std::string, Result<std::optional<DiskTable>>> tables_;
    std::map<std::string, Result<Volume>> volumes_;
};

}  // namespace cordwainer
