#include "model/planning.h"

#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "core/rel_path.h"

namespace cordwainer {
namespace {

const Generation* current_of(const std::vector<Generation>& generations) {
    for (const Generation& generation : generations) {
        if (generation.current) return &generation;
    }
    return nullptr;
}

std::string place_of(const TargetSpec& spec) {
    return spec.type == TargetType::file ? spec.path : spec.block.value;
}

// Gives the path of a target the one form in which paths are compared.
Result<void> clean_path(TargetSpec& spec) {
    if (spec.type != TargetType::file) return {};
    if (!spec.path.empty() && spec.path.find_first_not_of('/') == std::string::npos) {
        spec.path = "/";
        return {};
    }
    const RelPath path =
        TRY(RelPath::parse(spec.path).with_context(spec.location.text() + ": " + spec.tag));
    spec.path = "/" + path.text();
    return {};
}

template <class T>
void append(std::vector<T>& all, std::vector<T>&& more) {
    if (all.empty()) {
        all = std::move(more);
        return;
    }
    all.insert(
        all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// A planner that writes one name twice would leave the order of steps to decide what boots.
// Whether a name is written twice, with the same content.
Result<bool> check_names(const Plan& plan) {
    bool twice = false;
    std::map<std::pair<std::string_view, std::string_view>, Digest> written;
    for (const Step& step : plan.steps) {
        const TargetId* target = nullptr;
        const RelPath* path = nullptr;
        const Source* source = nullptr;
        if (const auto* stage = std::get_if<StageFile>(&step)) {
            target = &stage->target;
            path = &stage->path;
            source = &stage->source;
        } else if (const auto* provide = std::get_if<ProvideFile>(&step)) {
            target = &provide->target;
            path = &provide->path;
            source = &provide->source;
        } else if (const auto* replace = std::get_if<ReplaceFile>(&step)) {
            target = &replace->target;
            path = &replace->path;
            source = &replace->source;
        } else {
            continue;
        }
        const Digest id = source_id(*source);
        const auto [place, added] = written.try_emplace({target->text, path->text()}, id);
        if (!added) twice = true;
        if (place->second != id) {
            return Error(Errc::refused,
                         "the plan writes " + path->text() + " on target " + target->text +
                             " twice with different content");
        }
    }
    return twice;
}

Result<void> check_own_directory(const InstallSteps& made, const Installer& installer) {
    for (const Step& step : made.steps) {
        const RelPath* path = nullptr;
        if (const auto* stage = std::get_if<StageFile>(&step)) path = &stage->path;
        if (const auto* provide = std::get_if<ProvideFile>(&step)) path = &provide->path;
        if (!path) continue;
        if (!installer.own || !path->text().starts_with(installer.own->text() + "/")) {
            return Error(Errc::refused,
                         "installer " + installer.tag + " stages " + path->text() +
                             " outside its own directory");
        }
    }
    return {};
}

// The same file staged for two entries is one step.
void drop_repeated_stages(Plan& plan) {
    std::map<std::pair<TargetId, RelPath>, bool> seen;
    std::erase_if(plan.steps, [&](const Step& step) {
        const auto* stage = std::get_if<StageFile>(&step);
        return stage && !seen.try_emplace({stage->target, stage->path}, true).second;
    });
}

}  // namespace

Result<std::vector<TargetSpec>> configured_targets(const Bootloader& bootloader,
                                                   const ConfigValue& config) {
    std::vector<TargetSpec> all;
    for (const Installer& installer : bootloader.installers) {
        std::vector<TargetSpec> specs = TRY(installer.targets(config));
        for (TargetSpec& spec : specs) {
            TRY_VOID(clean_path(spec));
            for (const TargetSpec& other : all) {
                if (other.type == spec.type && other.tag == spec.tag &&
                    place_of(other) == place_of(spec)) {
                    return Error(Errc::invalid_input,
                                 spec.location.text() + ": target \"" + place_of(spec) +
                                     "\" is named twice for " + spec.tag);
                }
            }
            all.push_back(std::move(spec));
        }
    }
    return all;
}

std::vector<TargetId> target_ids(const std::vector<TargetSpec>& specs) {
    std::vector<TargetId> ids;
    std::map<std::string, int> count;
    for (const TargetSpec& spec : specs) {
        const int n = ++count[spec.tag];
        ids.push_back({n == 1 ? spec.tag : spec.tag + "." + std::to_string(n)});
    }
    return ids;
}

Result<Plan> make_plan(const Bootloader& bootloader,
                       const ConfigValue& config,
                       const std::vector<Generation>& generations,
                       const std::vector<Target>& targets,
                       const Observed& observed) {
    TargetMap map;
    for (const Target& target : targets) map[target.tag].push_back(target.boot);

    const InstallRequest request{.config = config,
                                 .generations = generations,
                                 .current = current_of(generations),
                                 .targets = map,
                                 .observed = observed};
    Plan plan;
    plan.bootloader = bootloader.name;
    if (request.current) plan.generation = request.current->number;

    for (const Installer& installer : bootloader.installers) {
        for (const Target& target : targets) {
            if (target.tag != installer.tag) continue;
            const std::string where = "plan " + bootloader.name + " for target " + target.id.text;
            InstallSteps made = TRY(installer.install(request, target).with_context(where));
            TRY_VOID(check_own_directory(made, installer).with_context(where));
            plan.targets.push_back({.id = target.id,
                                    .spec = target.spec,
                                    .uuid = target.boot.uuid,
                                    .own = installer.own});
            append(plan.steps, std::move(made.steps));
            for (Reference& reference : made.references) reference.target = target.id;
            append(plan.references, std::move(made.references));
            append(plan.warnings, std::move(made.warnings));
            if (made.other_default) plan.other_default = made.other_default;
        }
    }
    if (TRY(check_names(plan))) drop_repeated_stages(plan);
    return plan;
}

}  // namespace cordwainer
