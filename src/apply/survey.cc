#include "apply/survey.h"

#include <algorithm>
#include <set>
#include <utility>

#include "apply/boot_code.h"

namespace cordwainer {
namespace {

// Where the bytes of a file to be written are is found later, by check_step().
Result<void> survey_file(const FileStep& step, FileRun& run, Trust trust) {
    OwnedFile wanted{
        .digest = digest_of(step.source), .size = size_of(step.source), .provided = step.provided};
    const std::optional<std::string> stamp = TRY(present(run, step.path, wanted, trust));
    if (stamp) {
        wanted.stamp = *stamp;
    } else {
        TRY_VOID(run.port.check_place(step.path));
        run.to_write.insert_or_assign(step.path, std::filesystem::path());
    }
    run.after.files.insert_or_assign(step.path, std::move(wanted));
    return {};
}

// What was to be removed stays owned.
void keep_leftovers(FileRun& run) {
    for (const RelPath& path : run.to_remove)
        run.after.files.emplace(path, run.before.files.at(path));
    run.to_remove.clear();
    add_references(run.after, run.before.references);
}

// What the old inventory has and the plan does not: while a target is out of reach, what lies on it
// may refer to any of it.
void survey_leftovers(FileRun& run, bool all_bound) {
    for (const auto& [path, file] : run.before.files) {
        if (!run.after.files.contains(path)) run.to_remove.push_back(path);
    }
    if (!all_bound) keep_leftovers(run);
}

Result<void> bind(const PlannedTarget& target, const Bindings& bindings, Survey& survey) {
    const auto failing = bindings.failing.find(target.id);
    if (failing != bindings.failing.end()) return failing->second;
    if (target.spec.type != TargetType::file || !bindings.files.contains(target.id)) return {};
    const std::string where = "target " + target.id.text;
    if (!target.own) {
        return Error(Errc::unsupported,
                     where + " has no directory of its own, where its inventory would be");
    }
    FileRun run{.planned = target, .port = *bindings.files.at(target.id)};
    for (const std::uint64_t count : {0, 1}) {
        const RelPath inventory = TRY(inventory_path(run.own(), count));
        TRY_VOID(run.port.check_place(inventory).with_context("inventory of " + where));
    }
    LoadedInventory loaded =
        TRY(load_inventory(run.port, run.own()).with_context("inventory of " + where));
    if (loaded.warning) survey.warnings.push_back(where + ": " + *loaded.warning);
    run.before = std::move(loaded.inventory);
    run.after.counter = run.before.counter;
    survey.files.emplace(target.id, std::move(run));
    return {};
}

// Of a file that its loader writes to no more is known than its size; it has no stamp. What a run
// that was cut left may lack its content: nobody has used that before the run was complete.
Result<std::optional<std::string>> present_provided(FileRun& run,
                                                    const RelPath& path,
                                                    const OwnedFile& wanted) {
    const std::optional<FileState> state = TRY(run.port.look(path));
    if (!state || state->size != wanted.size) return std::nullopt;
    const auto known = run.before.files.find(path);
    if (known != run.before.files.end() && known->second.pending) {
        const std::optional<Digest> digest = TRY(run.port.digest(path));
        if (digest != wanted.digest) return std::nullopt;
        run.unsettled = true;
    }
    return std::string();
}

// What committing the entry may write, where the firmware does not take it.
Result<void> survey_entry(const FirmwareEntry& entry,
                          const RealisedPlan& plan,
                          const Bindings& bindings,
                          Trust trust,
                          FileRun& run) {
    if (!entry.fallback || !bindings.firmware) return {};
    const Result<bool> there = bindings.firmware->has(entry);
    if (there && *there) return {};
    const auto program = program_of(entry, plan);
    if (!program) return {};
    const OwnedFile copy{.digest = digest_of(program->source), .size = size_of(program->source)};
    const std::optional<std::string> stamp = TRY(present(run, *entry.fallback, copy, trust));
    const std::optional<FileState> other = TRY(run.port.look(*entry.fallback));
    const bool foreign = other && !run.before.files.contains(*entry.fallback);
    if (!stamp && !foreign) run.copies.emplace(*entry.fallback, copy.size);
    return {};
}

Result<void> survey_step(const RealisedStep& step,
                         const RealisedPlan& plan,
                         const Bindings& bindings,
                         Trust trust,
                         Survey& survey) {
    const auto run = survey.files.find(target_of(step));
    if (run == survey.files.end()) return {};
    const std::string where = " on target " + run->first.text;
    if (const auto* entry = std::get_if<FirmwareEntry>(&step)) {
        return survey_entry(*entry, plan, bindings, trust, run->second)
            .with_context(entry->path.text() + where);
    }
    const auto file = file_step(step);
    if (!file) return {};
    return survey_file(*file, run->second, trust).with_context(file->path.text() + where);
}

// What no target is to blame for: whether boot code fits its place, and where bytes come from.
Result<void> check_step(const RealisedStep& step,
                        const Bindings& bindings,
                        Contents& contents,
                        Survey& survey) {
    if (const auto* boot = std::get_if<BasicSwitchBootCode<RealisedSource>>(&step)) {
        const auto disk = bindings.blocks.find(boot->target);
        if (disk == bindings.blocks.end()) return {};
        return check_boot_code(*boot, disk->second->sector_size());
    }
    const auto file = file_step(step);
    const auto run = survey.files.find(target_of(step));
    if (!file || run == survey.files.end()) return {};
    const auto from = run->second.to_write.find(file->path);
    if (from == run->second.to_write.end()) return {};
    from->second = TRY(contents.locate(file->source)
                           .with_context(file->path.text() + " on target " + run->first.text));
    return {};
}

}  // namespace

Result<std::optional<std::string>> present(FileRun& run,
                                           const RelPath& path,
                                           const OwnedFile& wanted,
                                           Trust trust) {
    if (wanted.provided) return present_provided(run, path, wanted);
    const auto known = run.before.files.find(path);
    if (known == run.before.files.end()) return std::nullopt;
    const OwnedFile& before = known->second;
    if (before.digest != wanted.digest || before.size != wanted.size) return std::nullopt;
    const std::optional<FileState> state = TRY(run.port.look(path));
    if (!state || state->size != wanted.size) return std::nullopt;
    if (trust == Trust::stamps && as_written(before, *state) && !before.pending)
        return state->stamp;
    const std::optional<Digest> digest = TRY(run.port.digest(path));
    if (digest != wanted.digest) return std::nullopt;
    if (before.pending) run.unsettled = true;
    return state->stamp;
}

Result<bool> still_ours(FileRun& run, const RelPath& path) {
    if (run.is_inside_own(path)) return true;
    const std::optional<Digest> digest = TRY(run.port.digest(path));
    const OwnedFile& file = run.before.files.at(path);
    return !digest || *digest == file.digest || digest == file.former;
}

std::optional<FileStep> file_step(const RealisedStep& step) {
    if (const auto* stage = std::get_if<BasicStageFile<RealisedSource>>(&step))
        return FileStep{.path = stage->path, .source = stage->source};
    if (const auto* provide = std::get_if<BasicProvideFile<RealisedSource>>(&step))
        return FileStep{.path = provide->path, .source = provide->source, .provided = true};
    if (const auto* replace = std::get_if<BasicReplaceFile<RealisedSource>>(&step))
        return FileStep{.path = replace->path, .source = replace->source, .commit = true};
    return std::nullopt;
}

std::optional<FileStep> program_of(const FirmwareEntry& entry, const RealisedPlan& plan) {
    for (const RealisedStep& step : plan.steps) {
        const auto file = file_step(step);
        if (file && target_of(step) == entry.target && file->path == entry.path) return file;
    }
    return std::nullopt;
}

bool FileRun::dirty() const {
    // A stamp alone is no difference: the content has been compared.
    const auto same = [](const auto& a, const auto& b) {
        return a.first == b.first && a.second.digest == b.second.digest &&
               a.second.size == b.second.size && a.second.pending == b.second.pending;
    };
    return unsettled || !to_write.empty() || !to_remove.empty() ||
           before.references != after.references ||
           !std::ranges::equal(before.files, after.files, same);
}

bool as_written(const OwnedFile& file, const FileState& state) {
    const bool same_stamp = file.stamp.empty() || state.stamp.empty() || file.stamp == state.stamp;
    return file.size == state.size && same_stamp;
}

void add_references(Inventory& inventory, const std::vector<Reference>& more) {
    std::set<std::pair<std::string, Digest>> known;
    for (const Reference& reference : inventory.references)
        known.emplace(reference.path, reference.digest);
    for (const Reference& reference : more) {
        if (known.emplace(reference.path, reference.digest).second)
            inventory.references.push_back(reference);
    }
}

Result<void> ends_all(const TargetId& /*target*/, const Error& error) {
    return error;
}

void leave_out(Survey& survey, const TargetId& target) {
    survey.files.erase(target);
    for (auto& [id, run] : survey.files) keep_leftovers(run);
}

Result<Survey> survey(const RealisedPlan& plan,
                      const Bindings& bindings,
                      Contents& contents,
                      Trust trust,
                      const TargetFailed& failed) {
    Survey result;
    for (const PlannedTarget& target : plan.targets) {
        const Result<void> bound = bind(target, bindings, result);
        if (!bound) TRY_VOID(failed(target.id, bound.error()));
    }
    for (const RealisedStep& step : plan.steps) {
        const Result<void> done = survey_step(step, plan, bindings, trust, result);
        if (done) continue;
        TRY_VOID(failed(target_of(step), done.error()));
        result.files.erase(target_of(step));
    }
    for (const RealisedStep& step : plan.steps)
        TRY_VOID(check_step(step, bindings, contents, result));
    for (const Reference& reference : plan.references) {
        const auto run = result.files.find(reference.target);
        if (run == result.files.end()) continue;
        run->second.after.references.push_back(
            {.path = reference.path, .digest = reference.digest, .size = reference.size});
    }
    const bool all_bound = std::ranges::all_of(plan.targets, [&](const PlannedTarget& target) {
        return target.spec.type == TargetType::file ? result.files.contains(target.id)
                                                    : bindings.blocks.contains(target.id);
    });
    for (auto& [id, run] : result.files) survey_leftovers(run, all_bound);
    return result;
}

}  // namespace cordwainer
