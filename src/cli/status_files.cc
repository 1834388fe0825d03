#include "cli/status_files.h"

#include <string_view>
#include <utility>

#include "apply/inventory.h"
#include "apply/survey.h"
#include "formats/efi_load_option.h"
#include "model/source.h"

namespace cordwainer::cli {
namespace {

bool is_efi_program(const RelPath& path) {
    constexpr std::string_view kEnd = ".efi";
    const std::string& name = path.text();
    return name.size() > kEnd.size() && same_efi_path(name.substr(name.size() - kEnd.size()), kEnd);
}

Result<std::optional<Damage>> damage_of(FileTarget& target,
                                        const RelPath& path,
                                        const OwnedFile& file) {
    using Kind = Damage::Kind;
    const auto damage = [&](Kind kind) {
        return std::optional(Damage{.path = path, .kind = kind, .detail = {}});
    };
    if (file.pending) return damage(Kind::unfinished);
    const std::optional<FileState> state = TRY(target.look(path));
    if (!state) return damage(Kind::missing);
    if (!as_written(file, *state)) return damage(Kind::changed);
    return std::nullopt;
}

}  // namespace

Result<FilesState> look_at_files(FileTarget& target,
                                 const RelPath& own,
                                 const TargetId& id,
                                 const RealisedPlan& plan) {
    LoadedInventory loaded = TRY(load_inventory(target, own));
    FilesState state;
    state.known = loaded.found();
    if (loaded.warning) state.warnings.push_back(*std::move(loaded.warning));
    for (const auto& [path, file] : loaded.inventory.files) {
        ++state.files;
        state.bytes += file.size;
        if (is_efi_program(path)) state.programs.push_back(path);
        auto damage = TRY(damage_of(target, path, file));
        if (damage) state.damage.push_back(*std::move(damage));
    }
    for (const RealisedStep& step : plan.steps) {
        const auto file = file_step(step);
        if (!file || target_of(step) != id) continue;
        const auto known = loaded.inventory.files.find(file->path);
        const bool there = known != loaded.inventory.files.end() &&
                           known->second.digest == digest_of(file->source);
        if (!there) ++state.outdated;
    }
    state.references = std::move(loaded.inventory.references);
    return state;
}

}  // namespace cordwainer::cli
