// One platform's part of a GRUB package: its version, its modules, what they depend on, and the
// images that a core is built from.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bootloaders/grub/version.h"
#include "core/error.h"
#include "core/sha256.h"
#include "model/observed.h"

namespace cordwainer::grub {

// The file beside the modules that says their version.
inline constexpr const char* kVersionFile = "modinfo.sh";

// The directory lib/grub/PLATFORM of a package, as it was observed.
struct ModuleDirectory {
    std::string path;                         // absolute, on the machine that runs cordwainer
    std::map<std::string, HostFile> modules;  // by name without ".mod"
    std::map<std::string, HostFile> others;   // by file name: "moddep.lst", "kernel.img"
    std::map<std::string, std::string> dependencies;  // of moddep.lst: module → names with spaces
    std::map<std::string, std::string> algorithms;    // of crypto.lst: upper-case name → module
    Version version;                                  // of modinfo.sh

    [[nodiscard]] bool has(std::string_view module) const;

    // The module that brings a cipher or hash, named as dm-crypt or GRUB name it, in either case;
    // null where the package has none.
    [[nodiscard]] const std::string* algorithm_module(std::string_view algorithm) const;

    // Digest of the names and contents of everything that is installed from here.
    [[nodiscard]] Digest digest() const;
};

// Reads one from a package's files. Fails with not_found where the package has no such directory,
// or no moddep.lst or modinfo.sh in it, naming both.
[[nodiscard]] Result<ModuleDirectory> read_module_directory(const Package& package,
                                                            const std::string& path);

// `wanted` and everything that they depend on, sorted. Fails with unsupported where the directory
// lacks one of them.
[[nodiscard]] Result<std::vector<std::string>> with_dependencies(
    const ModuleDirectory& directory, const std::set<std::string>& wanted);

}  // namespace cordwainer::grub
