// The ports through which the executor reaches a target. A live machine, the tree of a partition of
// an image, an image file and the tests' modelled disks implement them; what makes a commit atomic
// on a medium is in the implementation for that medium.
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
#include "model/contents.h"
#include "model/step.h"

namespace cordwainer {

// What tells whether a file is the one that was written, without reading it.
struct FileState {
    std::uint64_t size = 0;
    // Changes when the file's content may have changed (its change time, its first cluster). Opaque
    // to the executor; empty where the medium has nothing of the kind.
    std::string stamp = {};

    bool operator==(const FileState&) const = default;
};

// Room on a file target's medium.
struct FreeSpace {
    std::uint64_t bytes = 0;
    std::uint32_t block_size = 4096;  // every file takes whole blocks
};

// A file target: a directory on some medium. Paths are below it and never lead out of it, whatever
// symbolic links are there.
class FileTarget {
  public:
    FileTarget() = default;
    virtual ~FileTarget() = default;
    FileTarget(const FileTarget&) = delete;
    FileTarget& operator=(const FileTarget&) = delete;
    FileTarget(FileTarget&&) = delete;
    FileTarget& operator=(FileTarget&&) = delete;

    // The regular file at `path`; nothing where there is none.
    virtual Result<std::optional<FileState>> look(const RelPath& path) = 0;

    // All of a file; nothing where there is none.
    virtual Result<std::optional<Bytes>> read(const RelPath& path) = 0;

    // The digest of a file's content; nothing where there is none.
    virtual Result<std::optional<Digest>> digest(const RelPath& path) = 0;

    // refused, saying what is there and what to do, where no file can be at `path`: where it is
    // something else than a regular file, or a name above it, below the target, something else than
    // a directory. A symbolic link is neither, wherever it leads. Writes nothing.
    virtual Result<void> check_place(const RelPath& path) = 0;

    // Writes a small file in place, making it and its parent directories where they are missing;
    // durable when it returns. A cut leaves it torn: only for files that come in pairs (the
    // inventory).
    virtual Result<void> write(const RelPath& path, ByteView bytes) = 0;

    // Puts a copy of `from` at `path`, which nothing that boots refers to. Parent directories are
    // made. A file of that name that a cut run left is written anew. Bytes of another digest than
    // `digest` are corrupt, and not left under the name. Durable, and compared with what the medium
    // gives back, at the latest when the next settle() returns.
    virtual Result<void> stage(const RelPath& path,
                               const std::filesystem::path& from,
                               const Digest& digest) = 0;

    // Makes `path` have the content of `from` by the medium's atomic exchange: at every moment a
    // reader, also one that replays no journal, finds the old file or the new one, whole. Checked
    // as stage does. Durable when it returns.
    virtual Result<void> replace(const RelPath& path,
                                 const std::filesystem::path& from,
                                 const Digest& digest) = 0;

    // Removes a file, and its parent directories below the target that this leaves empty. No error
    // where it is not there. Durable at the latest when the next settle() returns.
    virtual Result<void> remove(const RelPath& path) = 0;

    // Makes everything done so far durable, and readable by a reader that replays no journal.
    virtual Result<void> settle() = 0;

    // Nothing where room does not matter here (a tree from which a file system is sized later).
    virtual Result<std::optional<FreeSpace>> free_space() = 0;

    // Bytes that a directory of the medium ("" is the target itself) is made larger at once when
    // the next file is made in it, or when it is made itself: so that it need not grow later.
    virtual Result<std::uint64_t> growth_of(const std::string& /*directory*/) { return 0; }

    // What the user must know of what was found here, one sentence each; not told again.
    virtual std::vector<std::string> take_warnings() { return {}; }
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

// The firmware's list of what it can start.
class FirmwareEntries {
  public:
    FirmwareEntries() = default;
    virtual ~FirmwareEntries() = default;
    FirmwareEntries(const FirmwareEntries&) = delete;
    FirmwareEntries& operator=(const FirmwareEntries&) = delete;
    FirmwareEntries(FirmwareEntries&&) = delete;
    FirmwareEntries& operator=(FirmwareEntries&&) = delete;

    // Whether an entry names this program, so that ensure() need write none. Writes nothing.
    virtual Result<bool> has(const FirmwareEntry& entry) = 0;

    // An error, with what to do, where it can be seen that ensure() would write none: there are no
    // variables, or they are read-only. Firmware without room is not seen. Writes nothing.
    virtual Result<void> check_writable() = 0;

    // Makes sure that an entry names this program; whether something had to be written.
    virtual Result<bool> ensure(const FirmwareEntry& entry) = 0;

    // Removes the entries that name this file of a target, which is about to be removed; whether
    // there were any.
    virtual Result<bool> forget(const TargetId& target, const RelPath& path) = 0;
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
