#include "host/profiles.h"

#include <filesystem>

#include "host/boot_files.h"
#include "host/guix_generations.h"
#include "host/native_generations.h"
#include "sys/replace_link.h"

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

// The directory, or the link to it, of the generation with this number.
Result<std::string> directory_named(const Root& root,
                                    const GenerationsRequest& request,
                                    const std::string& number) {
    const GuixProfile profile = TRY(guix_profile(root, request.profile));
    const bool guix = TRY(is_guix(root, request, profile));
    if (guix) return profile.directory + "/system-" + number + "-link";
    return clean(request.state) + "/" + kGenerationsDirectory + "/" + number;
}

}  // namespace

Result<Generations> read_generations(const Root& root,
                                     const GenerationsRequest& request,
                                     DigestCache& cache) {
    const GuixProfile profile = TRY(guix_profile(root, request.profile));
    const bool guix = TRY(is_guix(root, request, profile));
    if (guix) return read_guix_generations(root, profile, cache, request.digests);
    BootFiles files(root, cache, request.digests);
    return read_native_generations(root, clean(request.state), files);
}

Result<void> move_current(const Root& root,
                          const GenerationsRequest& request,
                          std::uint64_t number) {
    const GuixProfile profile = TRY(guix_profile(root, request.profile));
    const bool guix = TRY(is_guix(root, request, profile));
    if (!guix) {
        const std::string place = clean(request.state) + "/" + kGenerationsDirectory;
        return replace_link(root, place + "/" + kCurrentName, std::to_string(number));
    }
    // As Guix writes it: relative.
    return replace_link(root, profile.link, "system-" + std::to_string(number) + "-link");
}

Result<std::string> generation_directory(const Root& root,
                                         const GenerationsRequest& request,
                                         std::uint64_t number) {
    return directory_named(root, request, std::to_string(number));
}

Result<std::string> generations_place(const Root& root, const GenerationsRequest& request) {
    const std::string directory = TRY(directory_named(root, request, "N"));
    return root.outside(directory);
}

}  // namespace cordwainer
