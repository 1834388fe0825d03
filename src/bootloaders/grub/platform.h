// The platforms that GRUB can be built for and cordwainer installs, with the names that firmware
// looks for.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cordwainer::grub {

struct Platform {
    std::string_view name;       // GRUB's, also that of its directory of modules
    std::string_view processor;  // GRUB's $grub_cpu
    // The EFI program in cordwainer's own directory, in Debian's and Fedora's naming, and the name
    // that firmware starts from a removable medium (UEFI 2.10, section 3.5.1.1). Empty on BIOS.
    std::string_view program;
    std::string_view removable_program;

    [[nodiscard]] bool efi() const { return !program.empty(); }
};

// The platform of the `disk` installer.
inline constexpr std::string_view kBiosPlatform = "i386-pc";

// The platforms of the `esp` installer, in the order that messages list them.
[[nodiscard]] std::span<const Platform> efi_platforms();

// The platform of this name, which must be kBiosPlatform or one of efi_platforms(); null otherwise.
[[nodiscard]] const Platform* find_platform(std::string_view name);

}  // namespace cordwainer::grub
