// Where one run keeps what it makes and remembers: a state directory, or a temporary one.
#pragma once

#include <filesystem>
#include <optional>

#include "cli/command.h"
#include "core/error.h"
#include "host/digest_cache.h"
#include "sys/file_io.h"

namespace cordwainer::cli {

class Workspace {
  public:
    // An image is no part of the machine that builds it: only a state directory that was asked for
    // is used and written, else a temporary one.
    [[nodiscard]] static Workspace for_image(const Common& common);

    // A live machine has its state directory, whether it was asked for or not.
    [[nodiscard]] static Workspace for_machine(const Common& common);

    // The directory for objects, made where it is missing.
    [[nodiscard]] Result<std::filesystem::path> state();

    // Digests of files of the system.
    [[nodiscard]] DigestCache& digests() { return digests_; }

    // Digests of the machine's own files, the bootloader's package.
    [[nodiscard]] DigestCache& machine_digests() { return machine_digests_; }

    // Keeps the digests, except in a temporary directory.
    [[nodiscard]] Result<void> save() const;

  private:
    [[nodiscard]] static Workspace in(const std::filesystem::path& state);

    std::optional<std::filesystem::path> given_;
    std::optional<TemporaryDirectory> temporary_;
    DigestCache digests_;
    DigestCache machine_digests_;
};

}  // namespace cordwainer::cli
