// How a disk image can be booted, found by looking into it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"

namespace cordwainer::cli {

struct BootWays {
    bool qcow2 = false;      // the image's format; else raw
    bool boot_code = false;  // the first sector has code that a BIOS would run
    // The names in EFI/BOOT of its EFI system partitions that begin with BOOT, in upper case:
    // "BOOTX64.EFI" (UEFI 2.10, section 3.5.1.1).
    std::vector<std::string> efi_programs;

    bool operator==(const BootWays&) const = default;
};

// Looks into the image file with 512-byte sectors: the boot sector, the GPT or MBR (UEFI 2.10,
// chapter 5), and with mtools the EFI system partitions. Of a qcow2 image `qemu-img` copies what is
// looked at into a temporary directory. not_found: there is no such file, or one of these programs
// is needed and not installed.
[[nodiscard]] Result<BootWays> find_boot_ways(const std::filesystem::path& image);

}  // namespace cordwainer::cli
