// The generations of a system: Guix's profile links, or cordwainer's own generation directories.
// This is where the pipeline begins.
#pragma once

#include <cstdint>
#include <string>

#include "core/error.h"
#include "host/digest_cache.h"
#include "model/generation.h"
#include "sys/root.h"

namespace cordwainer {

// Paths are absolute, inside the system.
struct GenerationsRequest {
    enum class Source {
        automatic,  // guix where the profile link or any system-N-link exists, else native
        guix,
        native,
    };
    Source source = Source::automatic;
    // Guix: the profile's link, whose directory holds the links system-N-link; or that directory.
    std::string profile = "/var/guix/profiles/system";
    // Native: the state directory; generations are in its directory `generations`.
    std::string state = "/var/lib/cordwainer";
    bool digests = false;  // whether BootFile::digest is wanted
};

// All generations, by number. A numbered link or directory that cannot be read is in
// Generations::skipped and hides no other; a file that a generation names and that is missing or
// unreadable is in its `problems`. No generations is no error, and neither is a missing directory;
// one that cannot be listed is.
//
// Guix: exactly the links system-N-link count; "system-12-link.new" and the like are leftovers.
// The current one is that which the profile's link names. `identity` is where the link leads.
// Native: the directories N; `generations/current` names the current one, the highest number where
// that link is missing. `identity` is the SHA-256 of boot.json.
[[nodiscard]] Result<Generations> read_generations(const Root& root,
                                                   const GenerationsRequest& request,
                                                   DigestCache& cache);

// Makes the generation of this number the current one: moves the profile's link, or
// `generations/current`, atomically and durably.
[[nodiscard]] Result<void> move_current(const Root& root,
                                        const GenerationsRequest& request,
                                        std::uint64_t number);

// The directory of the generation of this number, inside the system, whether it is there or not.
[[nodiscard]] Result<std::string> generation_directory(const Root& root,
                                                       const GenerationsRequest& request,
                                                       std::uint64_t number);

// Where read_generations looks, as a pattern on the machine that runs cordwainer, for people:
// "/mnt/var/guix/profiles/system-N-link".
[[nodiscard]] Result<std::string> generations_place(const Root& root,
                                                    const GenerationsRequest& request);

}  // namespace cordwainer
