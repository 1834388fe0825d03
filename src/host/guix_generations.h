// Guix's generations: the links system-N-link of a profile's directory (host/profiles.h).
#pragma once

#include <string>

#include "core/error.h"
#include "host/digest_cache.h"
#include "model/generation.h"
#include "sys/root.h"

namespace cordwainer {

// A system's profile, inside the system.
struct GuixProfile {
    std::string directory;  // holds the links system-N-link
    std::string link;       // names the current one
};

// `path`: the link, or its directory (GenerationsRequest::profile).
[[nodiscard]] Result<GuixProfile> guix_profile(const Root& root, const std::string& path);

// Whether there is such a profile: its link, or a link system-N-link.
[[nodiscard]] Result<bool> has_guix_generations(const Root& root, const GuixProfile& profile);

// `digests`: whether BootFile::digest is wanted.
[[nodiscard]] Result<Generations> read_guix_generations(const Root& root,
                                                        const GuixProfile& profile,
                                                        DigestCache& cache,
                                                        bool digests);

}  // namespace cordwainer
