// Remembers the digests of kernels and initrds, and the versions of kernels, so that planning reads
// no file twice in its life.
//
// A file is the same as before where path, size, modification and change time, device and inode
// are. In an immutable store (/gnu/store, /nix/store) path, size and modification time are enough:
// there the other three change when the store deduplicates files, or moves, and the content never
// does. A file that was changed so shortly ago that its times could not show another change is not
// remembered. Several threads may ask at once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/sha256.h"
#include "sys/root.h"

namespace cordwainer {

// The cache's file in a state directory.
constexpr const char* kDigestCacheName = "digests";

class DigestCache {
  public:
    // Remembers nothing yet.
    DigestCache() = default;
    ~DigestCache() = default;
    DigestCache(const DigestCache&) = delete;  // lines_ would point into the other's text
    DigestCache& operator=(const DigestCache&) = delete;
    DigestCache(DigestCache&&) = default;
    DigestCache& operator=(DigestCache&&) = default;

    // From what `text` gives. Anything that is not exactly that is ignored as a whole: a lost cache
    // costs only time.
    [[nodiscard]] static DigestCache from_text(std::string text);

    // From a file; empty where it is missing, unreadable or damaged.
    [[nodiscard]] static DigestCache load(const std::filesystem::path& file);

    // Writes the file anew, atomically, with the directories above it, if there is anything new to
    // remember.
    [[nodiscard]] Result<void> save(const std::filesystem::path& file) const;

    // The format "cordwainer-digests/1": that line, the SHA-256 of the rest, and a line for each
    // file, sorted by path: PATH, a tab, then, separated by blanks, size, modification and change
    // time (ns), device, inode, digest or "-", and "?" (version not looked for), "-" (none) or "="
    // and the kernel's version. In a path, tab, newline and backslash are \t, \n and \\.
    [[nodiscard]] std::string text() const;

    // The digest of the regular file at `path` in `root`, whose status the caller has just read.
    // Reads the file only where it is not remembered. refused where the file changes meanwhile.
    [[nodiscard]] Result<Digest> digest(const Root& root,
                                        const std::string& path,
                                        const FileStatus& status);

    // The paths in an immutable store whose content is not what it was when it was last read,
    // sorted: damage, or an item that was built anew and came out differently.
    [[nodiscard]] std::vector<std::string> altered() const;

    // The version in the kernel image there, if it has one (formats/linux_image.h); likewise.
    [[nodiscard]] Result<std::optional<std::string>> kernel_version(const Root& root,
                                                                    const std::string& path,
                                                                    const FileStatus& status);

  private:
    struct Entry {
        FileStatus status;
        std::optional<Digest> digest;
        bool version_known = false;
        std::optional<std::string> version;
    };

    static std::optional<Entry> parse_entry(std::string_view fields);
    static std::string render_entry(const Entry& entry);

    // What was remembered, when this run began, of the path that is `name` when escaped. The mutex
    // is held.
    [[nodiscard]] std::optional<Entry> find_loaded(const std::string& name);
    // What is remembered of the file, if it is still the same.
    std::optional<Entry> find(const std::string& path, const FileStatus& status);
    void remember(const std::string& path, Entry entry);

    // Of used_, fresh_ and altered_; nothing is read while it is held.
    std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
    std::string loaded_text_;
    std::vector<std::string_view> lines_;  // of loaded_text_, sorted by path
    std::vector<bool> used_;               // each of them: in this run
    std::map<std::string, Entry> fresh_;   // by escaped path; these replace lines
    std::set<std::string> altered_;
};

}  // namespace cordwainer
