// The firmware's variables as efivarfs shows them: a directory with a file NAME-VENDOR for each,
// which holds 4 bytes of attributes and the value (UEFI 2.10, section 8.2).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/error.h"

namespace cordwainer {

// Whose variables those of UEFI itself are (UEFI 2.10, section 3.3), and those of systemd's
// loader interface.
inline constexpr const char* kEfiGlobal = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
inline constexpr const char* kLoaderVendor = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

// Where a system has them.
inline constexpr const char* kFirmwareVariables = "/sys/firmware/efi/efivars";

class FirmwareVariables {
  public:
    // `directory`: where efivarfs is mounted.
    explicit FirmwareVariables(std::filesystem::path directory)
        : directory_(std::move(directory)) {}

    // not_found where there are none: the machine was not started by UEFI firmware, or efivarfs is
    // not mounted; says so, and what to do.
    [[nodiscard]] Result<void> check() const;

    // As check(); also an error where they are mounted read-only.
    [[nodiscard]] Result<void> check_writable() const;

    // The names of a vendor's variables, sorted.
    [[nodiscard]] Result<std::vector<std::string>> names(const std::string& vendor) const;

    // A variable's value; nothing where there is none.
    [[nodiscard]] Result<std::optional<Bytes>> read(const std::string& name,
                                                    const std::string& vendor) const;

    // The text of a variable that holds UTF-16 up to a NUL; nothing where there is none, or where
    // it is empty.
    [[nodiscard]] Result<std::optional<std::string>> read_text(const std::string& name,
                                                               const std::string& vendor) const;

    // Writes a variable that outlives a restart, in one piece. One that could not be made is not
    // left behind. no_space where the firmware has no room.
    [[nodiscard]] Result<void> write(const std::string& name,
                                     const std::string& vendor,
                                     ByteView value) const;

    // No error where it is not there.
    [[nodiscard]] Result<void> remove(const std::string& name, const std::string& vendor) const;

  private:
    [[nodiscard]] std::filesystem::path path(const std::string& name,
                                             const std::string& vendor) const;

    std::filesystem::path directory_;
};

}  // namespace cordwainer
