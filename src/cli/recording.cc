#include "cli/recording.h"

#include <string>
#include <string_view>
#include <utility>

#include "apply/record.h"
#include "cli/reading.h"
#include "host/record_files.h"
#include "realise/realise.h"

namespace cordwainer::cli {
namespace {

// Whether a file stays as it is while a record needs it: in an immutable store of the system, or in
// a generation of its own.
bool is_rooted(const HostFile& file) {
    if (file.base != HostFile::Base::system) return false;
    const std::string generations = std::string(kStateInside) + "/generations/";
    for (const std::string_view place : {"/gnu/store/", "/nix/store/", generations.c_str()}) {
        if (file.path.starts_with(place)) return true;
    }
    return false;
}

}  // namespace

Result<void> record_installation(const std::filesystem::path& state,
                                 ObjectStore::Durability durability,
                                 const Generations& generations,
                                 const Configuration& config,
                                 const RealisedPlan& plan,
                                 Contents& contents) {
    const Generation* current = current_of(generations);
    if (!current) return {};
    ObjectStore store(state, durability);
    Record record{.generation = current->number,
                  .identity = current->identity,
                  .bootloader = config.bootloader,
                  .configuration = config.text,
                  .plan = TRY(import_sources(plan, store, contents, is_rooted)),
                  .objects = {}};
    record.objects = objects_of(record.plan);
    // What was imported is there.
    for (const ObjectRef& object : objects_of(plan)) {
        if (store.has(object)) continue;
        const std::filesystem::path made = TRY(contents.locate(object));
        TRY_VOID(store.add_file(made, object.digest));
    }
    return write_record(state, record);
}

}  // namespace cordwainer::cli
