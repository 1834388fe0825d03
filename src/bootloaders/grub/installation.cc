#include "bootloaders/grub/installation.h"

#include <algorithm>
#include <utility>

#include "bootloaders/grub/assets.h"
#include "bootloaders/grub/core_image.h"
#include "bootloaders/grub/readability.h"

namespace cordwainer::grub {
namespace {

bool has_targets(const InstallRequest& request, const std::string& tag) {
    const auto targets = request.targets.find(tag);
    return targets != request.targets.end() && !targets->second.empty();
}

// By name, so that their order in the configuration changes no key.
std::vector<std::string> platforms_in_use(const InstallRequest& request, const Config& config) {
    std::vector<std::string> names;
    const bool has_disk = has_targets(request, "disk");
    if (has_disk) names.emplace_back(kBiosPlatform);
    if (has_targets(request, "esp") || !has_disk) {
        names.insert(names.end(), config.platforms.begin(), config.platforms.end());
    }
    std::ranges::sort(names);
    return names;
}

Result<void> check_files_target(const Installation& installation) {
    if (!installation.files.volume) {
        return Error(Errc::not_found,
                     "target files: it is not known which file system " +
                         installation.config.files.path + " lies on");
    }
    for (const InstalledPlatform& platform : installation.platforms) {
        if (const auto why = why_unreadable(*installation.files.volume, platform.modules)) {
            return Error(Errc::refused,
                         "target files (" + installation.config.files.path + ") lies in " + *why +
                             ", or put `files` on another volume");
        }
    }
    return {};
}

std::string key_of(const std::vector<Recipe>& cores) {
    Sha256 hash;
    for (const Recipe& core : cores) hash.update(as_bytes(recipe_key(core).hex()));
    return hash.finish().hex();
}

Result<void> add_cores(Installation& installation, const Package& package) {
    const auto make = [&](const InstalledPlatform& in_use, const std::string& directory) {
        return core_image_recipe(installation.files,
                                 directory,
                                 installation.config,
                                 *in_use.platform,
                                 in_use.modules,
                                 package);
    };
    std::vector<Recipe> nameless;
    for (const InstalledPlatform& in_use : installation.platforms) {
        nameless.push_back(TRY(make(in_use, "/cordwainer/")));
    }
    installation.key = key_of(nameless);
    for (InstalledPlatform& in_use : installation.platforms) {
        in_use.core = TRY(make(in_use, installation.directory()));
    }
    return {};
}

}  // namespace

const InstalledPlatform* Installation::find(std::string_view platform) const {
    const auto found = std::ranges::find_if(platforms, [&](const InstalledPlatform& candidate) {
        return candidate.platform->name == platform;
    });
    return found == platforms.end() ? nullptr : &*found;
}

Result<Installation> plan_installation(const InstallRequest& request) {
    Installation installation;
    installation.config = read_config(request.config);
    const auto files = request.targets.find("files");
    if (files == request.targets.end() || files->second.size() != 1) {
        return Error(Errc::invalid_input, "GRUB needs exactly one target `files`");
    }
    installation.files = files->second.front();

    const Package& package = request.observed.package;
    for (const std::string& name : platforms_in_use(request, installation.config)) {
        const Platform* platform = find_platform(name);
        if (!platform) return Error(Errc::unsupported, "GRUB has no platform " + name);
        installation.platforms.push_back(
            {.platform = platform,
             .modules = TRY(read_module_directory(package, installation.config.modules_of(name))),
             .core = {}});
    }
    TRY_VOID(check_files_target(installation));
    TRY_VOID(add_cores(installation, package));

    if (!has_targets(request, "esp") && !has_targets(request, "disk")) {
        installation.warnings.push_back(
            "neither `esp` nor `disk` is set: a menu is installed, but nothing that starts it; "
            "another GRUB can read it with `configfile " +
            installation.config.files.path + "/grub.cfg`");
    }
    if (const auto hint =
            reading_hint(*installation.files.volume, installation.platforms.front().modules)) {
        installation.warnings.push_back(*hint);
    }
    return installation;
}

PackageRequest package_request(const Config& config) {
    PackageRequest request;
    // Which platforms an image needs is known only with its targets, so all is read that is there;
    // the plan names what is missing.
    const auto add = [&](const std::string& directory, const std::string& suffix) {
        request.files.push_back({.directory = directory,
                                 .suffix = suffix,
                                 .with_text = suffix == ".lst" || suffix == kVersionFile,
                                 .optional = true,
                                 .base = HostFile::Base::machine});
    };
    std::vector<std::string> platforms = config.platforms;
    platforms.emplace_back(kBiosPlatform);
    for (const std::string& platform : platforms) {
        for (const char* suffix : {".mod", ".img", ".lst", kVersionFile}) {
            add(config.modules_of(platform), suffix);
        }
    }
    add(config.package + "/bin", "grub-mkimage");
    request_assets(config, request);
    request.programs = {config.mkimage()};
    return request;
}

}  // namespace cordwainer::grub
