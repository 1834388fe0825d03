// The ports through which the executor reaches a target. A live machine, the tree of a partition of
// an image, an image file and the tests' modelled disks implement them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/error.h"
#include "core/rel_path.h"
#include "core/sha256.h"
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

    // A readable file with the source's bytes. They are compared with the digest when copied.
    virtual Result<std::filesystem::path> locate(const RealisedSource& source) = 0;
};

// A file target: a directory on some medium. Paths are below it.
class FileTarget {
  public:
    FileTarget() = default;
    virtual ~FileTarget() = default;
    FileTarget(const FileTarget&) = delete;
    FileTarget& operator=(const FileTarget&) = delete;
    FileTarget(FileTarget&&) = delete;
    FileTarget& operator=(FileTarget&&) = delete;

    // The size of the regular file at `path`; nothing where there is none.
    virtual Result<std::optional<std::uint64_t>> size(const RelPath& path) = 0;

    // All of a small file (inventories, menus); nothing where there is none.
    virtual Result<std::optional<Bytes>> read(const RelPath& path) = 0;

    // Puts a copy of `from` at `path`, where nothing refers to it yet: written, durable, read back
    // and compared with `digest` (corrupt on a difference). Parent directories are made. A file of
    // that name that a cut run left is written anew.
    virtual Result<void> stage(const RelPath& path,
                               const std::filesystem::path& from,
                               const Digest& digest) = 0;

    // Makes `path` have the content of `from` by the medium's atomic exchange: at every moment a
    // reader finds the old file or the new one, whole. Durable when it returns.
    virtual Result<void> replace(const RelPath& path,
                                 const std::filesystem::path& from,
                                 const Digest& digest) = 0;

    // Removes a file, and its parent directories below the target that this leaves empty. No error
    // where it is not there.
    virtual Result<void> remove(const RelPath& path) = 0;

    // Makes everything written so far readable by a reader that replays no journal.
    virtual Result<void> settle() = 0;
};

// A block target: a whole disk, or an image file.
class BlockTarget {
  public:
    BlockTarget() = default;
    virtual ~BlockTarget() = default;
    BlockTarget(const BlockTarget&) = delete;
    BlockTarget& operator=(const BlockTarget&) = delete;
    BlockTarget(BlockTarget&&) = delete;
    BlockTarget& operator=(BlockTarget&&) = delete;

    [[nodiscard]] virtual std::uint32_t sector_size() const = 0;  // bytes

    // `count` bytes from byte `offset` on; a short device is an io error.
    virtual Result<Bytes> read(std::uint64_t offset, std::size_t count) = 0;

    // Writes, makes durable, drops the cache, reads back and compares (corrupt on a difference).
    virtual Result<void> write(std::uint64_t offset, ByteView bytes) = 0;

    // Writes the 512 bytes of LBA 0 as one write, durable when it returns.
    virtual Result<void> write_boot_sector(ByteView sector) = 0;
};

// What the user sees while steps are applied.
class Progress {
  public:
    Progress() = default;
    virtual ~Progress() = default;
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    Progress(Progress&&) = delete;
    Progress& operator=(Progress&&) = delete;

    // A phase begins that will handle `bytes` in all (0: not known).
    virtual void phase(const std::string& what, std::uint64_t bytes) = 0;

    // `bytes` more of the phase are done.
    virtual void advance(std::uint64_t bytes) = 0;
};

}  // namespace cordwainer
