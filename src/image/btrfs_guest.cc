#include "image/btrfs_guest.h"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): strverscmp is not in <cstring>
#include <sys/utsname.h>

#include "image/cpio.h"
#include "image/guest_modules.h"
#include "image/size_text.h"
#include "image/tool.h"
#include "sys/file_io.h"

namespace cordwainer::image {
namespace {

constexpr std::string_view kDone = "cordwainer-guest: done";

// What differs between the machines that can run a guest of their own kind.
struct Machine {
    const char* name;  // uname's
    const char* emulator;
    const char* package;
    const char* board;
    const char* console;
};

constexpr std::array kMachines{
    Machine{"x86_64", "qemu-system-x86_64", "qemu-system-x86", "pc", "ttyS0"},
    Machine{"aarch64", "qemu-system-aarch64", "qemu-system-arm", "virt", "ttyAMA0"}};

Result<Machine> this_machine() {
    struct utsname name{};
    (void)::uname(&name);
    for (const Machine& machine : kMachines) {
        if (std::string_view(machine.name) == name.machine) return machine;
    }
    return Error{Errc::unsupported,
                 fmt::format("btrfs subvolumes are filled in a guest, and there is none for {}",
                             name.machine)};
}

// The newest kernel of the system in `root`.
std::optional<GuestKernel> kernel_in(const std::filesystem::path& root) {
    constexpr std::string_view kPrefix = "vmlinuz-";
    std::string newest;
    std::error_code error;
    for (std::filesystem::directory_iterator files(root / "boot", error);
         !error && files != std::filesystem::directory_iterator();
         files.increment(error)) {
        const std::string name = files->path().filename().string();
        if (!name.starts_with(kPrefix)) continue;
        const std::string version = name.substr(kPrefix.size());
        if (::strverscmp(version.c_str(), newest.c_str()) > 0) newest = version;
    }
    if (newest.empty()) return std::nullopt;
    return GuestKernel{.kernel = root / "boot" / (std::string(kPrefix) + newest),
                       .modules = root / "lib/modules" / newest};
}

// Text as one word for the guest's shell.
std::string shell_word(const std::string& text) {
    std::string word = "'";
    for (const char c : text) {
        if (c == '\'') word += "'\\'";
        word += c;
    }
    return word + "'";
}

std::string init_script(const GuestWork& work, const std::vector<GuestModule>& modules) {
    std::string script =
        "#!/bin/busybox sh\n"
        "set -e\n"
        "trap '/bin/busybox poweroff -f' EXIT\n"
        "/bin/busybox mount -t proc proc /proc\n"
        "/bin/busybox mount -t sysfs sysfs /sys\n"
        "/bin/busybox mount -t devtmpfs devtmpfs /dev\n";
    for (const GuestModule& module : modules) {
        script += fmt::format("/bin/busybox insmod /modules/{}.ko\n", module.name);
    }
    script += "/bin/busybox mount -t btrfs /dev/vda /content\n";
    for (const std::string& subvolume : work.subvolumes) {
        const std::string path = "/content/" + subvolume;
        script +=
            fmt::format("/bin/busybox mkdir -p {}\n", shell_word(path.substr(0, path.rfind('/'))));
        script += fmt::format("/bin/btrfs subvolume create {}\n", shell_word(path));
    }
    script +=
        "/bin/tar --extract --file /dev/vdb --directory /content --numeric-owner "
        "--preserve-permissions --xattrs --xattrs-include='*'\n"
        "/bin/busybox umount /content\n";
    script += fmt::format("echo '{}'\n", kDone);
    return script;
}

// Adds a program of this machine, and the libraries that ldd says it needs.
Result<void> add_program(Cpio& initrd, const Tool& tool) {
    const std::filesystem::path path = TRY(find_tool(tool));
    initrd.add_file("/bin/" + tool.name, 0755, TRY(read_file(path)));
    // A program without libraries makes ldd fail.
    const auto libraries =
        run_tool({.name = "ldd", .package = "libc-bin"}, {.arguments = {path.string()}});
    if (!libraries) return {};
    std::string_view rest = libraries->output;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const std::size_t start = line.find('/');
        const std::size_t end = line.find(" (");
        if (start == std::string_view::npos || end == std::string_view::npos || end < start) {
            continue;
        }
        const std::string library(line.substr(start, end - start));
        initrd.add_file(library, 0755, TRY(read_file(library)));
    }
    return {};
}

Result<void> write_initrd(const GuestKernel& kernel,
                          const GuestWork& work,
                          const std::filesystem::path& file) {
    std::vector<GuestModule> modules;
    if (!kernel.modules.empty()) {
        modules = TRY(load_guest_modules(kernel.modules,
                                         {"virtio_pci", "virtio_blk", "crc32c_generic", "btrfs"}));
    }
    Cpio initrd;
    for (const char* directory : {"/proc", "/sys", "/dev", "/content"}) {
        initrd.add_directory(directory);
    }
    initrd.add_file("/init", 0755, as_bytes(init_script(work, modules)));
    TRY_VOID(add_program(initrd, {.name = "busybox", .package = "busybox-static"}));
    TRY_VOID(add_program(initrd, {.name = "btrfs", .package = "btrfs-progs"}));
    TRY_VOID(add_program(initrd, {.name = "tar", .package = "tar"}));
    for (const GuestModule& module : modules) {
        initrd.add_file("/modules/" + module.name + ".ko", 0644, module.content);
    }
    modules.clear();
    Fd fd = TRY(open_file(file, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    TRY_VOID(write_all(fd, initrd.finish(), file.string()));
    return fd.close(file.string());
}

std::vector<std::string> guest_arguments(const Machine& machine,
                                         const GuestKernel& kernel,
                                         const GuestWork& work,
                                         const std::filesystem::path& initrd) {
    std::vector<std::string> arguments{"-accel",
                                       "tcg",
                                       "-machine",
                                       machine.board,
                                       "-cpu",
                                       "max",
                                       "-m",
                                       "512",
                                       "-nic",
                                       "none",
                                       "-display",
                                       "none",
                                       "-monitor",
                                       "none",
                                       "-serial",
                                       "stdio",
                                       "-no-reboot",
                                       "-kernel",
                                       kernel.kernel.string(),
                                       "-initrd",
                                       initrd.string(),
                                       "-append",
                                       fmt::format("console={} quiet panic=-1", machine.console)};
    for (const auto& [name, path] : {std::pair("disk", work.disk), {"archive", work.archive}}) {
        // In the option's value a comma is written twice.
        std::string file;
        for (const char c : path.string()) file += c == ',' ? std::string(",,") : std::string(1, c);
        arguments.insert(arguments.end(),
                         {"-drive",
                          fmt::format("if=none,id={},format=raw,cache=unsafe,file={}", name, file),
                          "-device",
                          fmt::format("virtio-blk-pci,drive={}", name)});
    }
    return arguments;
}

// The end of what the guest printed.
std::string last_words(const std::string& output) {
    constexpr std::size_t kWords = 600;
    return output.size() > kWords ? "…" + output.substr(output.size() - kWords) : output;
}

}  // namespace

Result<GuestKernel> find_guest_kernel(const GuestFiles& files,
                                      const std::optional<std::filesystem::path>& system) {
    std::optional<GuestKernel> kernel;
    if (files.kernel) {
        kernel = GuestKernel{.kernel = *files.kernel, .modules = files.modules.value_or("")};
    } else {
        if (system) kernel = kernel_in(*system);
        if (!kernel) kernel = kernel_in("/");
        if (!kernel) {
            return Error{Errc::not_found,
                         "btrfs subvolumes are filled in a guest that needs a Linux kernel, and "
                         "neither the system nor this machine has a /boot/vmlinuz-*: set "
                         "guest-kernel, and guest-modules, in [image]"};
        }
        if (files.modules) kernel->modules = *files.modules;
    }
    std::error_code error;
    if (!std::filesystem::is_regular_file(kernel->kernel, error)) {
        return Error{Errc::not_found, "guest-kernel: no file " + kernel->kernel.string()};
    }
    if (!kernel->modules.empty() && !std::filesystem::is_directory(kernel->modules, error)) {
        return Error{Errc::not_found,
                     "guest-modules: no directory " + kernel->modules.string() +
                         "; set guest-modules in [image] to the modules of " +
                         kernel->kernel.string()};
    }
    return *kernel;
}

Result<void> fill_in_guest(const GuestKernel& kernel, const GuestWork& work) {
    const Machine machine = TRY(this_machine());
    const std::filesystem::path initrd = work.scratch / "guest-initrd";
    TRY_VOID(write_initrd(kernel, work, initrd));
    std::error_code error;
    const std::uint64_t bytes = std::filesystem::file_size(work.archive, error);
    if (error) return file_error(error.value(), work.archive.string());

    // An emulated processor on a busy machine: a minute and a half for the boot, 2 MiB a second.
    constexpr std::uint64_t kBootSeconds = 90;
    SpawnRequest request;
    const auto emulator = TRY(find_tool({.name = machine.emulator, .package = machine.package}));
    request.arguments = guest_arguments(machine, kernel, work, initrd);
    request.arguments.insert(request.arguments.begin(), emulator.string());
    request.timeout = std::chrono::seconds(kBootSeconds + bytes / (2 * kMiB));
    const SpawnOutput output =
        TRY(spawn(request).with_context("the guest that fills btrfs subvolumes"));
    if (output.output.find(kDone) != std::string::npos) return {};
    return Error{
        Errc::tool_failed,
        "the guest that fills btrfs subvolumes failed; it said last: " + last_words(output.output)};
}

}  // namespace cordwainer::image
