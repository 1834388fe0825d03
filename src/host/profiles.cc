#include "host/profiles.h"

#include <filesystem>

#include "host/boot_files.h"
#include "host/guix_generations.h"
#include "host/native_generations.h"

namespace cordwainer {
namespace {

using Source = GenerationsRequest::Source;

// Absolute, without superfluous slashes.
std::string clean(const std::string& path) {
    std::string text = std::filesystem::path("/" + path).lexically_normal().string();
    while (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text == "/" ? "" : text;
}

Result<bool> is_guix(const Root& root,
                     const GenerationsRequest& request,
                     const GuixProfile& profile) {
    if (request.source != Source::automatic) return request.source == Source::guix;
    return has_guix_generations(root, profile);
}

}  // namespace

Result<Generations> read_generations(const Root& root,
                                     const GenerationsRequest& request,
                                     DigestCache& cache) {
    BootFiles files(root, cache, request.digests);
    const GuixProfile profile = TRY(guix_profile(root, request.profile));
    const bool guix = TRY(is_guix(root, request, profile));
    if (guix) return read_guix_generations(root, profile, files);
    return read_native_generations(root, clean(request.state), files);
}

Result<std::string> generations_place(const Root& root, const GenerationsRequest& request) {
    const GuixProfile profile = TRY(guix_profile(root, request.profile));
    const bool guix = TRY(is_guix(root, request, profile));
    if (guix) return root.outside(profile.directory) + "/system-N-link";
    return root.outside(clean(request.state)) + "/" + kGenerationsDirectory + "/N";
}

}  // namespace cordwainer
