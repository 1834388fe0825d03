// Kernel modules for a guest: found by name, with what they depend on, without kmod's index files,
// which exist only where a kernel was installed and not merely unpacked.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/error.h"

namespace cordwainer::image {

struct GuestModule {
    std::string name;  // with "_" for "-"
    Bytes content;     // uncompressed
};

// The names after "depends=" in a module's .modinfo section.
[[nodiscard]] std::vector<std::string> module_dependencies(ByteView module);

// The wanted modules that `directory` has (what it has not may be built into the kernel), and those
// that they depend on, in the order in which they can be loaded. Compressed ones are unpacked by
// gzip, xz or zstd.
[[nodiscard]] Result<std::vector<GuestModule>> load_guest_modules(
    const std::filesystem::path& directory, const std::vector<std::string>& wanted);

}  // namespace cordwainer::image
