// LUKS containers: the header and key slot by cryptsetup, the content encrypted by own code, so
// that no device mapper and no root is needed.
#pragma once

#include <cstdint>
#include <filesystem>

#include "apply/ports.h"
#include "core/error.h"
#include "image/layout.h"

namespace cordwainer::image {

// Where a container is made.
struct LuksPlace {
    std::filesystem::path image;
    std::uint64_t offset = 0;  // bytes from its beginning
    std::uint64_t size = 0;    // bytes, header included
};

// Makes a container whose content is `plain`, a file of exactly place.size less
// payload_offset(encryption) bytes (image/file_system_limits.h). All of it is encrypted, free space
// too: unused blocks must read as the zeros that they were. The volume key is random, in memory
// only, and wiped. `scratch`: an existing directory for the header. Advances `progress` by the
// content's bytes.
[[nodiscard]] Result<void> make_luks(const Encryption& encryption,
                                     const std::filesystem::path& plain,
                                     const LuksPlace& place,
                                     const std::filesystem::path& scratch,
                                     Progress& progress);

}  // namespace cordwainer::image
