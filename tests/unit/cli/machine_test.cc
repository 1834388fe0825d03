#include "cli/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/file_io.h"

namespace cordwainer::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const BootWays kBios{.qcow2 = false, .boot_code = true, .efi_programs = {}};
const BootWays kUefi{.qcow2 = false, .boot_code = false, .efi_programs = {"BOOTX64.EFI"}};
const BootWays kBoth{.qcow2 = true, .boot_code = true, .efi_programs = {"BOOTX64.EFI"}};
const BootWays kArm{.qcow2 = false, .boot_code = false, .efi_programs = {"BOOTAA64.EFI"}};
const BootWays kNothing{};

// Firmware files that are empty but there.
class ChooseMachine : public testing::Test {
  protected:
    void SetUp() override {
        auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
        ASSERT_TRUE(directory);
        directory_.emplace(std::move(*directory));
        request_.firmware_files = directory_->path();
        for (const char* name : {"OVMF/OVMF_CODE_4M.fd",
                                 "OVMF/OVMF_VARS_4M.fd",
                                 "AAVMF/AAVMF_CODE.fd",
                                 "AAVMF/AAVMF_VARS.fd"}) {
            std::filesystem::create_directories((directory_->path() / name).parent_path());
            ASSERT_TRUE(write_durably(directory_->path() / name, {}));
        }
    }

    std::string firmware(const std::string& name) { return directory_->path() / name; }

    std::optional<TemporaryDirectory> directory_;
    MachineRequest request_{.image = "/a,b/disk.img", .firmware = std::nullopt};
};

TEST_F(ChooseMachine, TakesBiosWhereThereIsBootCode) {
    const auto machine = choose_machine(request_, kBios);
    ASSERT_TRUE(machine) << machine.error().message();
    EXPECT_EQ(machine->firmware, Firmware::bios);
    EXPECT_THAT(machine->command,
                ElementsAre("qemu-system-x86_64",
                            "-M",
                            "pc,graphics=off",
                            "-accel",
                            "tcg",
                            "-m",
                            "1024",
                            "-display",
                            "none",
                            "-nic",
                            "none",
                            "-no-user-config",
                            "-drive",
                            "if=none,id=disk,format=raw,snapshot=on,file=/a,,b/disk.img",
                            "-device",
                            "virtio-blk-pci,drive=disk,bootindex=0",
                            "-serial",
                            "mon:stdio"));
    EXPECT_EQ(choose_machine(request_, kBoth)->firmware, Firmware::bios);
}

TEST_F(ChooseMachine, TakesUefiElse) {
    const auto machine = choose_machine(request_, kUefi);
    ASSERT_TRUE(machine) << machine.error().message();
    EXPECT_EQ(machine->firmware, Firmware::uefi);
    EXPECT_EQ(machine->architecture, "x86_64");
    EXPECT_THAT(machine->command, Contains("q35"));
    EXPECT_THAT(machine->command,
                Contains("if=pflash,unit=0,format=raw,readonly=on,file=" +
                         firmware("OVMF/OVMF_CODE_4M.fd")));
    // The variables are a snapshot as well: the firmware's package is never written to.
    EXPECT_THAT(machine->command,
                Contains("if=pflash,unit=1,format=raw,snapshot=on,file=" +
                         firmware("OVMF/OVMF_VARS_4M.fd")));
}

TEST_F(ChooseMachine, DoesAsAsked) {
    request_.firmware = Firmware::uefi;
    request_.memory = 256;
    request_.accelerator = "kvm";
    request_.display = "gtk";
    const auto machine = choose_machine(request_, kBoth);
    ASSERT_TRUE(machine) << machine.error().message();
    EXPECT_EQ(machine->firmware, Firmware::uefi);
    for (const char* option : {"kvm", "256", "gtk"}) {
        EXPECT_THAT(machine->command, Contains(option));
    }
    EXPECT_THAT(machine->command, Contains(HasSubstr("format=qcow2,snapshot=on")));
}

TEST_F(ChooseMachine, KnowsArm) {
    const auto machine = choose_machine(request_, kArm);
    ASSERT_TRUE(machine) << machine.error().message();
    EXPECT_EQ(machine->architecture, "aarch64");
    EXPECT_EQ(machine->command.front(), "qemu-system-aarch64");
    EXPECT_THAT(machine->command, Contains("virt"));
    EXPECT_EQ(qemu_package("qemu-system-aarch64"), "qemu-system-arm");
    EXPECT_EQ(qemu_package("qemu-system-x86_64"), "qemu-system-x86");
}

TEST_F(ChooseMachine, HasAScreenForAPicture) {
    request_.screenshot = true;
    const auto bios = choose_machine(request_, kBios);
    ASSERT_TRUE(bios);
    EXPECT_THAT(bios->command, Contains("pc")) << "with graphics";
    EXPECT_THAT(bios->command, Contains("unix:qmp,server=on,wait=off"));
    EXPECT_THAT(bios->command, testing::Not(Contains("mon:stdio")));
    EXPECT_THAT(choose_machine(request_, kArm)->command, Contains("virtio-gpu-pci"));
}

TEST_F(ChooseMachine, SaysWhatDoesNotBoot) {
    EXPECT_EQ(choose_machine(request_, kNothing).error().message(),
              "/a,b/disk.img has no boot code for a BIOS in its first sector, and no "
              "EFI/BOOT/BOOT*.EFI for UEFI firmware");
    request_.firmware = Firmware::bios;
    EXPECT_EQ(
        choose_machine(request_, kUefi).error().message(),
        "/a,b/disk.img has no boot code for a BIOS in its first sector; it boots with --uefi");
    request_.firmware = Firmware::uefi;
    EXPECT_EQ(choose_machine(request_, kBios).error().message(),
              "/a,b/disk.img has no EFI/BOOT/BOOTX64.EFI, BOOTAA64.EFI or BOOTIA32.EFI on an EFI "
              "system partition; it boots with --bios");
}

TEST_F(ChooseMachine, NamesThePackageOfMissingFirmware) {
    std::filesystem::remove(firmware("OVMF/OVMF_VARS_4M.fd"));
    const auto machine = choose_machine(request_, kUefi);
    ASSERT_FALSE(machine);
    EXPECT_EQ(machine.error().code, Errc::not_found);
    EXPECT_EQ(machine.error().message(),
              "there is no UEFI firmware for x86_64: " + firmware("OVMF/OVMF_CODE_4M.fd") +
                  " is missing (Debian package ovmf)");
}

}  // namespace
}  // namespace cordwainer::cli
