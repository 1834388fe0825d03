#include "cli/machine.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace cordwainer::cli {
namespace {

struct UefiMachine {
    const char* program;       // the image's
    const char* architecture;  // QEMU's name
    const char* package;       // Debian's, of the firmware
    // Code and variables below the directory of firmware files, the first that is there counts.
    std::array<std::array<const char*, 2>, 2> files;
};

// The machines for EFI programs, the preferred first.
constexpr std::array kUefiMachines = {
    UefiMachine{"BOOTX64.EFI",
                "x86_64",
                "ovmf",
                {{{"OVMF/OVMF_CODE_4M.fd", "OVMF/OVMF_VARS_4M.fd"},
                  {"OVMF/OVMF_CODE.fd", "OVMF/OVMF_VARS.fd"}}}},
    UefiMachine{"BOOTAA64.EFI",
                "aarch64",
                "qemu-efi-aarch64",
                {{{"AAVMF/AAVMF_CODE.fd", "AAVMF/AAVMF_VARS.fd"},
                  {"AAVMF/AAVMF_CODE.no-secboot.fd", "AAVMF/AAVMF_VARS.fd"}}}},
    UefiMachine{"BOOTIA32.EFI",
                "i386",
                "ovmf-ia32",
                {{{"OVMF/OVMF32_CODE_4M.fd", "OVMF/OVMF32_VARS_4M.fd"},
                  {"OVMF/OVMF32_CODE_4M.secboot.fd", "OVMF/OVMF32_VARS_4M.fd"}}}},
};

const UefiMachine* uefi_machine(const BootWays& ways) {
    for (const UefiMachine& machine : kUefiMachines) {
        if (std::ranges::count(ways.efi_programs, machine.program) > 0) return &machine;
    }
    return nullptr;
}

// A value inside QEMU's comma-separated options.
std::string escaped(const std::string& value) {
    std::string text;
    for (const char c : value) text += c == ',' ? std::string(",,") : std::string(1, c);
    return text;
}

std::string flash(int unit, const std::filesystem::path& file, const char* mode) {
    return fmt::format(
        "if=pflash,unit={},format=raw,{},file={}", unit, mode, escaped(file.string()));
}

Result<std::vector<std::string>> firmware_options(const UefiMachine& machine,
                                                  const std::filesystem::path& directory) {
    std::error_code failed;
    for (const auto& [code, variables] : machine.files) {
        if (!std::filesystem::exists(directory / code, failed)) continue;
        if (!std::filesystem::exists(directory / variables, failed)) continue;
        return std::vector<std::string>{"-drive",
                                        flash(0, directory / code, "readonly=on"),
                                        "-drive",
                                        flash(1, directory / variables, "snapshot=on")};
    }
    return Error(Errc::not_found,
                 fmt::format("there is no UEFI firmware for {}: {} is missing (Debian package {})",
                             machine.architecture,
                             (directory / machine.files.front().front()).string(),
                             machine.package));
}

// QEMU's machine type, with what depends on it.
std::vector<std::string> board(const Machine& machine, const MachineRequest& request) {
    const bool screen = request.screenshot || request.display != "none";
    if (machine.architecture == "aarch64") {
        std::vector<std::string> options = {"-M", "virt", "-cpu", "cortex-a57"};
        // Else the firmware waits five seconds for a key.
        options.insert(options.end(), {"-boot", "menu=on,splash-time=1"});
        if (screen) options.insert(options.end(), {"-device", "virtio-gpu-pci"});
        return options;
    }
    if (machine.firmware == Firmware::uefi) return {"-M", "q35"};
    // Without graphics SeaBIOS puts its console, and so the bootloader's, on the serial port.
    return {"-M", screen ? "pc" : "pc,graphics=off"};
}

}  // namespace

Result<Machine> choose_machine(const MachineRequest& request, const BootWays& ways) {
    const UefiMachine* uefi = uefi_machine(ways);
    Machine machine;
    machine.firmware =
        request.firmware.value_or(ways.boot_code || !uefi ? Firmware::bios : Firmware::uefi);
    if (machine.firmware == Firmware::bios && !ways.boot_code) {
        return Error(Errc::invalid_input,
                     fmt::format("{} has no boot code for a BIOS in its first sector{}",
                                 request.image.string(),
                                 uefi ? "; it boots with --uefi"
                                      : ", and no EFI/BOOT/BOOT*.EFI for UEFI firmware"));
    }
    if (machine.firmware == Firmware::uefi && !uefi) {
        return Error(Errc::invalid_input,
                     fmt::format("{} has no EFI/BOOT/BOOTX64.EFI, BOOTAA64.EFI or BOOTIA32.EFI on "
                                 "an EFI system partition{}",
                                 request.image.string(),
                                 ways.boot_code ? "; it boots with --bios" : ""));
    }
    machine.architecture = machine.firmware == Firmware::uefi ? uefi->architecture : "x86_64";
    auto& command = machine.command;
    command = {"qemu-system-" + machine.architecture};
    const auto add = [&](const std::vector<std::string>& options) {
        command.insert(command.end(), options.begin(), options.end());
    };
    add(board(machine, request));
    add({"-accel", request.accelerator, "-m", std::to_string(request.memory)});
    add({"-display", request.display, "-nic", "none", "-no-user-config"});
    if (machine.firmware == Firmware::uefi) {
        add(TRY(firmware_options(*uefi, request.firmware_files)));
    }
    add({"-drive",
         fmt::format("if=none,id=disk,format={},snapshot=on,file={}",
                     ways.qcow2 ? "qcow2" : "raw",
                     escaped(std::filesystem::absolute(request.image).string())),
         "-device",
         "virtio-blk-pci,drive=disk,bootindex=0"});
    if (request.screenshot) {
        add({"-serial", "null", "-monitor", "none", "-qmp", "unix:qmp,server=on,wait=off"});
    } else {
        add({"-serial", "mon:stdio"});
    }
    return machine;
}

std::string qemu_package(const std::string& program) {
    return program == "qemu-system-aarch64" ? "qemu-system-arm" : "qemu-system-x86";
}

}  // namespace cordwainer::cli
