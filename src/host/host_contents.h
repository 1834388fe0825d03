// The bytes of realised sources on this machine: files of the system below its root, files of the
// machine itself, objects of the state directory.
#pragma once

#include <filesystem>

#include "model/contents.h"
#include "sys/root.h"

namespace cordwainer {

class HostContents : public Contents {
  public:
    // `state`: the state directory on this machine, for objects (docs/formats.md). `system` must
    // outlive this.
    HostContents(const Root& system, std::filesystem::path state)
        : system_(system), state_(std::move(state)) {}

    // not_found, naming the file, where it does not exist.
    Result<std::filesystem::path> locate(const RealisedSource& source) override;

    Result<Bytes> read(const RealisedSource& source) override;

  private:
    const Root& system_;
    std::filesystem::path state_;
};

}  // namespace cordwainer
