// What the readers of generations share: looking at the files that boot, each once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/digest_cache.h"
#include "model/generation.h"
#include "sys/root.h"

namespace cordwainer {

// Whether `path` is an item of Guix's store itself, nothing below one.
[[nodiscard]] bool is_store_item(std::string_view path);

// For one thread; copies share the cache, which is for several.
class BootFiles {
  public:
    // `digests`: whether BootFile::digest is wanted.
    BootFiles(const Root& root, DigestCache& cache, bool digests)
        : root_(root), cache_(cache), digests_(digests) {}

    // The file at `path`. What is wrong with it is added to `problems` as one sentence that begins
    // with `what` ("the kernel") and names the path.
    [[nodiscard]] BootFile look_at(const std::string& path,
                                   const std::string& what,
                                   std::vector<std::string>& problems);

    // The version in a kernel that look_at has given, if it says one. That it cannot be read is
    // added to `problems`, where look_at has not done so.
    [[nodiscard]] std::optional<std::string> version_of(const BootFile& kernel,
                                                        std::vector<std::string>& problems);

    // A directory with a kernel image in it, as old boot parameters name it, is replaced by that
    // image; where the image is missing too, the name that this machine's architecture would have.
    [[nodiscard]] std::string kernel_image(const std::string& path);

  private:
    struct Seen {
        BootFile file;
        FileStatus status;
        bool is_directory = false;
        std::string wrong;  // what is wrong with it: "is missing"; "" for nothing
        // The version in it, once it was asked for.
        std::optional<Result<std::optional<std::string>>> version;
    };

    Seen& see(const std::string& path);
    Seen inspect(const std::string& path);

    const Root& root_;
    DigestCache& cache_;
    bool digests_;
    std::unordered_map<std::string, Seen> seen_;
};

}  // namespace cordwainer
