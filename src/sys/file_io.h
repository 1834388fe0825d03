// Whole files: reading, writing durably, copying with a digest, and scratch directories.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/error.h"
#include "core/sha256.h"
#include "sys/descriptor.h"

namespace cordwainer {

// The most that the functions below read into memory where the caller says nothing else.
constexpr std::uint64_t kReadLimit = 64U << 20U;

// All of a file. not_found where it does not exist; invalid_input where it is longer than `limit`
// bytes; io otherwise. Errors name the file.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& path,
                                      std::uint64_t limit = kReadLimit);
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& path,
                                                 std::uint64_t limit = kReadLimit);

// The same from where the open file `fd` stands; `name` is for messages.
[[nodiscard]] Result<Bytes> read_rest(const Fd& fd,
                                      const std::string& name,
                                      std::uint64_t limit = kReadLimit);

// Writes all bytes at the file's position; no_space where the medium is full.
[[nodiscard]] Result<void> write_all(const Fd& fd, ByteView bytes, const std::string& name);

// Writes all bytes at byte `offset`.
[[nodiscard]] Result<void> write_at(const Fd& fd,
                                    std::uint64_t offset,
                                    ByteView bytes,
                                    const std::string& name);

// Reads exactly `count` bytes at byte `offset`; a file that ends before is an io error.
[[nodiscard]] Result<Bytes> read_at(const Fd& fd,
                                    std::uint64_t offset,
                                    std::size_t count,
                                    const std::string& name);

// Makes `path` a file with these bytes: a temporary file beside it, fsync, rename, fsync of the
// directory. A reader finds the old file or the new one, also after a power cut, but not one that
// replays no journal (that is a commit's work). The directory must exist.
[[nodiscard]] Result<void> write_durably(const std::filesystem::path& path, ByteView bytes);

// fsync of a directory, so that the names in it are durable.
[[nodiscard]] Result<void> sync_directory(const std::filesystem::path& path);

// What passed through a copy.
struct CopiedBytes {
    Digest digest;
    std::uint64_t size = 0;
};

// Copies all of `from`, from its position on, to `to`, hashing on the way: one pass.
[[nodiscard]] Result<CopiedBytes> copy_with_digest(const Fd& from,
                                                   const std::string& from_name,
                                                   const Fd& to,
                                                   const std::string& to_name);

// The digest and size of a file's content, read in pieces.
[[nodiscard]] Result<CopiedBytes> digest_file(const std::filesystem::path& path);
[[nodiscard]] Result<CopiedBytes> digest_rest(const Fd& fd, const std::string& name);

// A directory of its own that is removed, with all that is in it, when the object goes.
class TemporaryDirectory {
  public:
    // Makes one below `parent` (empty: TMPDIR, or /tmp), named `prefix` and six random characters.
    // Its path is absolute.
    [[nodiscard]] static Result<TemporaryDirectory> make(const std::filesystem::path& parent,
                                                         const std::string& prefix);

    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    TemporaryDirectory(TemporaryDirectory&& other) noexcept;
    TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    explicit TemporaryDirectory(std::filesystem::path path) : path_(std::move(path)) {}

    void remove() noexcept;

    std::filesystem::path path_;
};

}  // namespace cordwainer
