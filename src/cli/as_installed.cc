#include "cli/as_installed.h"

#include <algorithm>
#include <string>

#include "apply/installed.h"
#include "cli/config_file.h"
#include "host/record_files.h"

namespace cordwainer::cli {

Result<LiveRequest> as_installed(const Common& common,
                                 const Generations& generations,
                                 const std::vector<Bootloader>& bootloaders) {
    const auto installed = TRY(read_installed(common.state));
    if (!installed) {
        return Error(Errc::refused,
                     "cordwainer has installed nothing here, so what boots is not known; run "
                     "`cordwainer install` first");
    }
    LiveRequest request{.stay = true};
    const auto& boots = installed->boots;
    if (!boots || !find_generation(generations, *boots)) return request;
    for (const Generation& generation : generations.list) {
        const GenerationId id = id_of(generation);
        if (std::ranges::count(installed->generations, id) == 0) request.without.push_back(id);
    }
    const auto record = TRY(read_record(common.state, boots->number));
    if (!record || record->identity != boots->identity) return request;
    Configuration config = TRY(read_config(
        record->configuration,
        "the configuration in the record of generation " + std::to_string(boots->number),
        bootloaders));
    config.generations = TRY(load_generations_config(common));
    request.config = std::move(config);
    return request;
}

}  // namespace cordwainer::cli
