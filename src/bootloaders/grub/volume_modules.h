// With which modules GRUB reaches a volume: partition table, encryption, LVM, RAID, file system.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "bootloaders/grub/module_directory.h"
#include "bootloaders/grub/version.h"
#include "core/error.h"
#include "model/volume.h"

namespace cordwainer::grub {

// A file system that GRUB reads.
struct FileSystemSupport {
    std::string_view name;                      // blkid's
    std::span<const std::string_view> modules;  // that read it
    Version since;                              // the first release that has them
};

// Null where no GRUB reads the file system of that name.
[[nodiscard]] const FileSystemSupport* find_file_system(std::string_view name);

// A dm-crypt cipher specification, "aes-cbc-essiv:sha256", in its parts.
struct CipherSpec {
    std::string cipher;   // "aes"
    std::string mode;     // "cbc"; empty where the specification is the cipher alone
    std::string iv;       // "essiv"; empty where the mode has none
    std::string iv_hash;  // "sha256"; empty where the IV has none
};

[[nodiscard]] CipherSpec parse_cipher(std::string_view specification);

// The modules for a volume that why_unreadable (readability.h) finds nothing against, without their
// dependencies. Fails with unsupported where `directory` has no module for an algorithm or file
// system of it.
[[nodiscard]] Result<std::set<std::string>> modules_for(const Volume& volume,
                                                        const ModuleDirectory& directory);

// The same, found out once for each volume: a menu's entries share few.
class ReadingModules {
  public:
    explicit ReadingModules(const ModuleDirectory& directory) : directory_(directory) {}

    // Never null; as long as this is there.
    [[nodiscard]] Result<const std::set<std::string>*> of(const Volume& volume);

  private:
    const ModuleDirectory& directory_;
    std::map<const Volume*, std::set<std::string>> known_;
};

}  // namespace cordwainer::grub
