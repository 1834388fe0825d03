#include "cli/init_facts.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "bootloaders/grub/bootloader.h"
#include "bootloaders/grub/platform.h"
#include "bootloaders/systemd_boot/config.h"
#include "cli/generations_request.h"
#include "host/digest_cache.h"
#include "host/package.h"
#include "host/profiles.h"
#include "sys/root.h"

namespace cordwainer::cli {
namespace {

using GenerationSource = GenerationsRequest::Source;

Result<GenerationFacts> look_at_generations(const Root& system, const Common& common) {
    GenerationFacts facts;
    DigestCache cache;
    GenerationsRequest request = generations_request(system, common, {});
    facts.kernel = request.state + "/generations";
    for (const GenerationSource source : {GenerationSource::guix, GenerationSource::native}) {
        request.source = source;
        const Generations found = TRY(read_generations(system, request, cache));
        if (found.list.empty()) continue;
        facts.system = source == GenerationSource::guix ? GenerationFacts::System::guix
                                                        : GenerationFacts::System::native;
        facts.count = found.list.size();
        facts.kernel = found.list.back().parameters.kernel.path;
        for (const Generation& generation : found.list) {
            facts.largest = std::max(facts.largest, boot_size(generation.parameters));
        }
        return facts;
    }
    return facts;
}

// Where GRUB is: Debian's place, or a Guix system's.
std::string grub_place() {
    constexpr std::array kPlaces = {"/usr", "/run/current-system/profile"};
    std::error_code failed;
    for (const std::filesystem::path place : kPlaces) {
        if (std::filesystem::exists(place / "bin/grub-mkimage", failed)) return place.string();
    }
    return kPlaces.front();
}

ConfigValue value_of(auto value) {
    return {.value = std::move(value), .location = {}, .key_location = {}};
}

// What GRUB's planner would be given, for all platforms.
Result<Package> read_grub(const Root& machine, const std::string& place) {
    ConfigList platforms;
    for (const grub::Platform& platform : grub::efi_platforms()) {
        platforms.push_back(value_of(std::string(platform.name)));
    }
    ConfigTable table;
    table.emplace_back("package", value_of(place));
    table.emplace_back("platforms", value_of(std::move(platforms)));
    const PackageRequest request = TRY(grub::bootloader().package(value_of(std::move(table))));
    DigestCache digests;
    const PackagePlace here{.root = machine, .digests = digests};
    return read_package(request, here, here);
}

Result<std::vector<std::string>> systemd_boot_platforms(const Root& machine) {
    std::vector<std::string> platforms;
    const systemd_boot::Config config = systemd_boot::read_config(value_of(ConfigTable{}));
    for (const systemd_boot::Platform& platform : systemd_boot::all_platforms()) {
        const auto program =
            TRY(machine.status(config.package + "/" + std::string(platform.program)));
        if (program) platforms.emplace_back(platform.name);
    }
    return platforms;
}

}  // namespace

bool InitFacts::has_grub(const std::string& platform) const {
    return grub_files.files.contains(grub + "/bin/grub-mkimage") &&
           grub_files.files.contains(grub + "/lib/grub/" + platform + "/moddep.lst");
}

Result<InitFacts> look_around(const Common& common, const MachinePlaces& places) {
    const Root system = TRY(Root::open(common.root));
    const Root machine = TRY(Root::open("/"));
    InitFacts facts{.machine = TRY(look_at_machine(system, places)),
                    .generations = TRY(look_at_generations(system, common))};
    facts.grub = grub_place();
    facts.grub_files = TRY(read_grub(machine, facts.grub));
    facts.systemd_boot = TRY(systemd_boot_platforms(machine));
    return facts;
}

}  // namespace cordwainer::cli
