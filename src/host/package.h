// Looking at a bootloader's package (its installed programs and data), and at what else its
// configuration names, for the planner.
#pragma once

#include "core/error.h"
#include "host/digest_cache.h"
#include "model/observed.h"
#include "sys/root.h"

namespace cordwainer {

// Where files are looked for, and what remembers their digests. Each place needs a cache of its
// own: a cache knows a file by its path inside the root.
struct PackagePlace {
    const Root& root;
    DigestCache& digests;
};

// Answers the request: lists the directories, on the machine or in the system as each says, takes
// the digests of the files, and reads the texts asked for (at most 1 MiB each). A directory that is
// missing and not optional is not_found.
[[nodiscard]] Result<Package> read_package(const PackageRequest& request,
                                           const PackagePlace& machine,
                                           const PackagePlace& system);

}  // namespace cordwainer
