// Writing over a file in its place on the medium: for the one file that a loader writes too, by the
// sectors that it has (formats/grub_env.h), so that these must stay the same.
#pragma once

#include <string>

#include "core/bytes.h"
#include "core/error.h"
#include "sys/root.h"

namespace cordwainer {

// Makes the file `path` inside the system hold these bytes, of which there must be as many as it
// has (corrupt where it has not). When it returns they are on the medium, as its readers see it
// that replay no journal, and were read back from there. On ext4, xfs and vfat; unsupported on
// others.
//
// A cut leaves each sector old or new, so only bytes that differ in one sector are written at once.
[[nodiscard]] Result<void> overwrite(const Root& system, const std::string& path, ByteView bytes);

}  // namespace cordwainer
