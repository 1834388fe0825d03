// The virtual machine that `cordwainer try` boots an image in: which QEMU, which firmware, and its
// command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/boot_ways.h"
#include "core/error.h"

namespace cordwainer::cli {

enum class Firmware { bios, uefi };

struct MachineRequest {
    std::filesystem::path image;
    std::optional<Firmware> firmware;  // none: BIOS where the image has boot code for it
    unsigned memory = 1024;            // MiB
    std::string accelerator = "tcg";
    std::string display = "none";
    // A picture will be taken: the machine has a screen even without a display, and is controlled
    // through the socket qmp in its working directory instead of the terminal.
    bool screenshot = false;
    std::filesystem::path firmware_files = "/usr/share";  // where OVMF and AAVMF are
};

struct Machine {
    Firmware firmware = Firmware::bios;
    std::string architecture;          // "x86_64", "i386", "aarch64"
    std::vector<std::string> command;  // the program first
};

// Decides on a machine. The image is opened as a snapshot, and so are the firmware's variables:
// neither is changed. invalid_input: nothing in the image boots that way. not_found: the firmware
// is not installed; the message names the Debian package.
[[nodiscard]] Result<Machine> choose_machine(const MachineRequest& request, const BootWays& ways);

// The Debian package that has a QEMU program.
[[nodiscard]] std::string qemu_package(const std::string& program);

}  // namespace cordwainer::cli
