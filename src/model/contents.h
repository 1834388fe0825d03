// Where the bytes of a realised source can be read: makers, the executor and records ask it.
#pragma once

#include <filesystem>

#include "core/bytes.h"
#include "core/error.h"
#include "model/source.h"

namespace cordwainer {

// The bytes of a realised source, as a file on the machine that runs cordwainer.
class Contents {
  public:
    Contents() = default;
    virtual ~Contents() = default;
    Contents(const Contents&) = delete;
    Contents& operator=(const Contents&) = delete;
    Contents(Contents&&) = delete;
    Contents& operator=(Contents&&) = delete;

    // A readable file with the source's bytes. The caller compares them with the digest as it
    // copies them.
    virtual Result<std::filesystem::path> locate(const RealisedSource& source) = 0;

    // All of a small source's bytes (boot code); corrupt where they do not have its digest.
    virtual Result<Bytes> read(const RealisedSource& source) = 0;
};

}  // namespace cordwainer
