// Looking at a bootloader's package (its installed programs and data) for the planner.
#pragma once

#include <filesystem>
#include <functional>

#include "core/error.h"
#include "model/observed.h"
#include "sys/file_io.h"

namespace cordwainer {

// The digest and size of a file's content: digest_file, or a cache before it.
using DigestOf = std::function<Result<CopiedBytes>(const std::filesystem::path&)>;

// Answers the request: lists the directories, digests the files, reads the texts asked for (at most
// 1 MiB each), and runs the version command. A directory that is missing and not optional is
// not_found; a missing version program too.
[[nodiscard]] Result<Package> read_package(const PackageRequest& request, const DigestOf& digest);

}  // namespace cordwainer
