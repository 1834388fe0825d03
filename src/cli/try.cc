#include "cli/try.h"

#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/machine.h"
#include "cli/output.h"
#include "cli/qmp.h"
#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer::cli {
namespace {

struct TryOptions {
    std::string image;
    bool bios = false;
    bool uefi = false;
    std::string screenshot;
    std::optional<unsigned> after;  // seconds
    unsigned memory = 1024;         // MiB
    std::string display = "none";
    std::string accelerator = "tcg";
};

constexpr const char* kTryDetails =
    R"(The machine has the image as its disk and no network. The image is not changed: what the machine writes is dropped. Its serial port is the terminal; Ctrl-A X ends it, and Ctrl-A C reaches QEMU's monitor.

Without --bios or --uefi the image is booted by BIOS firmware if its first sector has code, and else by UEFI firmware for the processor that EFI/BOOT names. A boot menu without a serial terminal is visible under BIOS, which puts the screen on the serial port, and with --display gtk.

With --json the command that would run is printed and nothing runs, unless there is a --screenshot: then the picture is taken first.

Examples:

  cordwainer try disk.img
  cordwainer try disk.img --uefi --display gtk
  cordwainer try disk.img --bios --screenshot menu.png --after 3)";

// Firmware, menu and a bit of rest, without an accelerator.
std::chrono::seconds usual_wait(Firmware firmware) {
    return std::chrono::seconds(firmware == Firmware::bios ? 5 : 12);
}

Result<Machine> choose(const TryOptions& options) {
    MachineRequest request{.image = options.image, .firmware = std::nullopt};
    if (options.bios) request.firmware = Firmware::bios;
    if (options.uefi) request.firmware = Firmware::uefi;
    request.memory = options.memory;
    request.accelerator = options.accelerator;
    request.display = options.display;
    request.screenshot = !options.screenshot.empty();
    const BootWays ways = TRY(find_boot_ways(options.image));
    return choose_machine(request, ways);
}

// Boots, takes the picture, and puts it at its place once it is whole.
Result<void> photograph(const TryOptions& options, const Machine& machine) {
    const auto after =
        options.after ? std::chrono::seconds(*options.after) : usual_wait(machine.firmware);
    const TemporaryDirectory scratch = TRY(TemporaryDirectory::make({}, "cordwainer-"));
    const std::filesystem::path picture = scratch.path() / "screen.png";
    SpawnRequest request{.arguments = machine.command, .directory = scratch.path()};
    request.meanwhile = [&](const std::function<bool()>& running) {
        return take_picture(scratch.path(), after, picture, running);
    };
    TRY(spawn(request));
    const Bytes bytes = TRY(read_file(picture));
    return write_durably(options.screenshot, bytes);
}

Result<void> show_json(const TryOptions& options, const Machine& machine) {
    const bool photographed = !options.screenshot.empty();
    return print_json({{"format", "cordwainer-try/1"},
                       {"firmware", machine.firmware == Firmware::bios ? "bios" : "uefi"},
                       {"architecture", machine.architecture},
                       {"command", machine.command},
                       {"ran", photographed},
                       {"screenshot", photographed ? Json(options.screenshot) : Json()}});
}

Result<void> run_machine(const TryOptions& options, const Machine& machine, bool json) {
    if (!options.screenshot.empty()) {
        TRY_VOID(photograph(options, machine));
        if (!json) return print(fmt::format("{}\n", options.screenshot));
    }
    if (json) return show_json(options, machine);
    TRY(spawn({.arguments = machine.command, .interactive = true}));
    return {};
}

Result<int> run_try(const TryOptions& options, const Common& common) {
    const Machine machine = TRY(choose(options).with_context("try " + options.image));
    const std::string& program = machine.command.front();
    if (!find_program(program)) {
        return Error(Errc::not_found,
                     fmt::format("the program {} is not installed (Debian package {})",
                                 program,
                                 qemu_package(program)));
    }
    TRY_VOID(run_machine(options, machine, common.json).with_context("try " + options.image));
    return kDone;
}

std::vector<Option> try_options(TryOptions& options) {
    return {
        {.names = {"FILE"},
         .meaning = "The disk image, raw or qcow2",
         .target = &options.image,
         .required = true},
        {.names = {"--bios"}, .meaning = "Boot with BIOS firmware", .target = &options.bios},
        {.names = {"--uefi"},
         .meaning = "Boot with UEFI firmware",
         .target = &options.uefi,
         .excludes = {{"--bios"}}},
        {.names = {"--screenshot"},
         .value = "FILE",
         .meaning = "Write a picture of the screen to FILE (PNG), and end",
         .target = &options.screenshot},
        {.names = {"--after"},
         .value = "SECONDS",
         .meaning = "Take the picture after so many seconds (default: 5, UEFI 12)",
         .target = &options.after,
         .range = {{0, 3600}},
         .needs = "--screenshot"},
        {.names = {"--memory"},
         .value = "MIB",
         .meaning = "Memory in MiB (default: 1024)",
         .target = &options.memory,
         .range = {{16, 1U << 20U}}},
        {.names = {"--display"},
         .value = "DISPLAY",
         .meaning = "QEMU's display, such as gtk or sdl (default: none)",
         .target = &options.display},
        {.names = {"--accel"},
         .value = "ACCELERATOR",
         .meaning = "What runs the machine's instructions (default: tcg)",
         .target = &options.accelerator,
         .values = {"tcg", "kvm"}},
    };
}

}  // namespace

Command try_command() {
    return {
        .name = "try",
        .summary = "boots a disk image in QEMU without changing it",
        .declare = [] -> Declared {
            auto options = std::make_shared<TryOptions>();
            return {.options = try_options(*options),
                    .run = [options](const Common& common) { return run_try(*options, common); }};
        },
        .details = kTryDetails,
    };
}

}  // namespace cordwainer::cli
