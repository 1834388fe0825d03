#include "bootloaders/grub/platform.h"

#include <array>

namespace cordwainer::grub {
namespace {

constexpr Platform kBios{
    .name = kBiosPlatform, .processor = "i386", .program = "", .removable_program = ""};

constexpr std::array kEfi{
    Platform{.name = "x86_64-efi",
             .processor = "x86_64",
             .program = "grubx64.efi",
             .removable_program = "BOOTX64.EFI"},
    Platform{.name = "i386-efi",
             .processor = "i386",
             .program = "grubia32.efi",
             .removable_program = "BOOTIA32.EFI"},
    Platform{.name = "arm64-efi",
             .processor = "arm64",
             .program = "grubaa64.efi",
             .removable_program = "BOOTAA64.EFI"},
};

}  // namespace

std::span<const Platform> efi_platforms() {
    return kEfi;
}

const Platform* find_platform(std::string_view name) {
    if (name == kBios.name) return &kBios;
    for (const Platform& platform : kEfi) {
        if (platform.name == name) return &platform;
    }
    return nullptr;
}

}  // namespace cordwainer::grub
