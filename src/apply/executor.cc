#include "apply/executor.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "apply/boot_code.h"
#include "apply/entry_copy.h"
#include "apply/give_up.h"
#include "apply/room.h"
#include "apply/survey.h"

namespace cordwainer {
namespace {

class Run {
  public:
    Run(const RealisedPlan& plan,
        const Bindings& bindings,
        Contents& contents,
        Progress& progress,
        Trust trust,
        Survey survey,
        TargetFailed failed,
        ApplyOutcome& outcome)
        : plan_(plan),
          bindings_(bindings),
          contents_(contents),
          progress_(progress),
          trust_(trust),
          survey_(std::move(survey)),
          failed_(std::move(failed)),
          outcome_(outcome) {}

    Result<void> all() {
        TRY_VOID(claim());
        TRY_VOID(stage());
        TRY_VOID(commit());
        return clean();
    }

  private:
    // Works on each of the file targets in turn. `what` is for the error of one that fails.
    Result<void> on_each(const std::string& what, Result<void> (Run::*work)(FileRun&)) {
        std::vector<TargetId> ids;
        for (const auto& [id, run] : survey_.files) ids.push_back(id);
        for (const TargetId& id : ids) {
            TRY_VOID(unless_failed(
                id, (this->*work)(survey_.files.at(id)).with_context(what + " " + id.text)));
        }
        return {};
    }

    // Goes on without a target that failed, if that may be.
    Result<void> unless_failed(const TargetId& target, const Result<void>& done) {
        if (done) return {};
        TRY_VOID(failed_(target, done.error()));
        leave_out(survey_, target);
        return {};
    }

    // Writes the inventories *old ∪ new*: from here on a cut leaves nothing that nobody owns.
    Result<void> claim() { return on_each("write the inventory of target", &Run::claim_new); }

    Result<void> claim_new(FileRun& run) {
        return run.to_write.empty() ? Result<void>() : claim(run);
    }

    Result<void> claim(FileRun& run) {
        Inventory both = run.before;
        both.counter = run.after.counter;
        for (const auto& [path, from] : run.to_write) {
            OwnedFile file = run.after.files.at(path);
            file.pending = true;
            file.former = TRY(content_of(run, path));
            both.files.insert_or_assign(path, std::move(file));
        }
        add_references(both, run.after.references);
        outcome_.changed = true;
        TRY_VOID(save_inventory(run.port, run.own(), both));
        run.after.counter = both.counter;
        return {};
    }

    // What an owned file holds now, before it is written.
    static Result<std::optional<Digest>> content_of(FileRun& run, const RelPath& path) {
        const auto before = run.before.files.find(path);
        if (before == run.before.files.end()) return std::nullopt;
        if (!before->second.pending) return before->second.digest;
        return run.port.digest(path);
    }

    Result<void> stage() {
        progress_.phase("stage", bytes_to_write(false));
        for (const RealisedStep& step : plan_.steps) {
            const auto file = file_step(step);
            if (!file || file->commit) continue;
            const TargetId& target = target_of(step);
            TRY_VOID(unless_failed(
                target,
                write(step, *file)
                    .with_context("stage " + file->path.text() + " on target " + target.text)));
        }
        return on_each("settle target", &Run::settle);
    }

    Result<void> settle(FileRun& run) {
        if (run.to_write.empty() && !run.unsettled) return {};
        outcome_.changed = true;
        return run.port.settle();
    }

    Result<void> commit() {
        progress_.phase("commit", bytes_to_write(true));
        for (const RealisedStep& step : plan_.steps) {
            const TargetId& target = target_of(step);
            TRY_VOID(unless_failed(target,
                                   commit(step).with_context("commit on target " + target.text)));
        }
        return {};
    }

    Result<void> commit(const RealisedStep& step) {
        if (const auto* boot = std::get_if<BasicSwitchBootCode<RealisedSource>>(&step))
            return commit_boot_code(*boot);
        if (const auto* entry = std::get_if<FirmwareEntry>(&step)) return commit_entry(*entry);
        const auto file = file_step(step);
        if (!file || !file->commit) return {};
        return write(step, *file).with_context("replace " + file->path.text());
    }

    Result<void> commit_boot_code(const BasicSwitchBootCode<RealisedSource>& step) {
        const auto disk = bindings_.blocks.find(step.target);
        if (disk == bindings_.blocks.end()) return {};
        return switch_boot_code(step, *disk->second, contents_, trust_, outcome_.changed);
    }

    Result<void> commit_entry(const FirmwareEntry& step) {
        const auto run = survey_.files.find(step.target);
        if (run == survey_.files.end()) return {};
        if (!bindings_.firmware) {
            outcome_.not_done.push_back("no firmware entry \"" + step.title + "\" was made for " +
                                        step.path.text() + " on target " + step.target.text);
            return {};
        }
        const Result<bool> made = bindings_.firmware->ensure(step);
        if (made) {
            if (*made) outcome_.changed = true;
            return {};
        }
        const std::string why = "the firmware's list of boot entries has none for " +
                                step.path.text() + " on target " + step.target.text + ", since " +
                                made.error().message();
        const Result<void> done = fall_back(run->second, step);
        if (done) {
            outcome_.warnings.push_back(why + "; so the same program is at " +
                                        step.fallback->text() +
                                        ", where firmware looks by itself if no other entry comes "
                                        "first. Once an entry can be made, the next run makes it");
        } else {
            outcome_.not_done.push_back(
                why + ", and " + done.error().message() +
                ". Make an entry in the firmware's setup, or put that right and run again");
        }
        return {};
    }

    // Puts a firmware entry's program where firmware looks without one, and never over a file that
    // is not ours.
    Result<void> fall_back(FileRun& run, const FirmwareEntry& step) {
        const EntryCopy copy = TRY(copy_for(step, plan_, run, trust_));
        if (copy.there) {
            want_copy(run, copy, {});
            return run.unsettled ? run.port.settle() : Result<void>();
        }
        const std::filesystem::path from = TRY(contents_.locate(copy.source));
        want_copy(run, copy, from);
        TRY_VOID(claim(run));
        return run.port.replace(copy.path, from, copy.wanted.digest);
    }

    // Stages or replaces the file of a step, if it is one to write.
    Result<void> write(const RealisedStep& step, const FileStep& file) {
        const auto run = survey_.files.find(target_of(step));
        if (run == survey_.files.end()) return {};
        const auto from = run->second.to_write.find(file.path);
        if (from == run->second.to_write.end()) return {};
        const Digest digest = digest_of(file.source);
        FileTarget& port = run->second.port;
        // A name that an earlier run completed is one that what boots may refer to.
        const auto before = run->second.before.files.find(file.path);
        const bool known = before != run->second.before.files.end() && !before->second.pending;
        TRY_VOID(file.commit || known ? port.replace(file.path, from->second, digest)
                                      : port.stage(file.path, from->second, digest));
        progress_.advance(size_of(file.source));
        return {};
    }

    Result<void> clean() {
        progress_.phase("clean", 0);
        return on_each("clean target", &Run::clean);
    }

    // Removes what is no longer owned and writes the inventory *new*. First what lies outside our
    // own directory: a loader's menu entry, which may name what lies inside.
    Result<void> clean(FileRun& run) {
        if (!run.dirty()) return {};
        outcome_.changed = true;
        for (const bool inside : {false, true}) {
            bool some = false;
            for (const RelPath& path : run.to_remove) {
                if (run.is_inside_own(path) != inside) continue;
                TRY_VOID(remove(run, path));
                some = true;
            }
            if (some) TRY_VOID(run.port.settle());
        }
        for (const auto& [path, from] : run.to_write) {
            const std::optional<FileState> state = TRY(run.port.look(path));
            OwnedFile& file = run.after.files.at(path);
            if (state && !file.provided) file.stamp = state->stamp;
        }
        const bool nothing_left = run.after.files.empty() && run.after.references.empty();
        if (!nothing_left) return save_inventory(run.port, run.own(), run.after);
        TRY_VOID(remove_inventory(run.port, run.own(), run.after));
        return run.port.settle();
    }

    Result<void> remove(FileRun& run, const RelPath& path) {
        const bool ours = TRY(still_ours(run, path));
        if (ours) forget_entry(run, path);
        if (ours) return run.port.remove(path);
        outcome_.warnings.push_back(path.text() + " on target " + run.planned.id.text +
                                    " is no longer what was installed there, and is left");
        return {};
    }

    // An EFI program of ours goes: the firmware's entries for it first.
    void forget_entry(const FileRun& run, const RelPath& path) {
        if (!bindings_.firmware || !run.is_inside_own(path) || !path.text().ends_with(".efi"))
            return;
        const TargetId& target = run.planned.id;
        const Result<bool> forgotten = bindings_.firmware->forget(target, path);
        if (forgotten && *forgotten) outcome_.changed = true;
        if (forgotten) return;
        outcome_.warnings.push_back("an entry of the firmware may still name " + path.text() +
                                    " on target " + target.text +
                                    ", which is removed: " + forgotten.error().message());
    }

    [[nodiscard]] std::uint64_t bytes_to_write(bool commits) const {
        std::uint64_t bytes = 0;
        for (const RealisedStep& step : plan_.steps) {
            const auto file = file_step(step);
            const auto run = survey_.files.find(target_of(step));
            if (file && file->commit == commits && run != survey_.files.end() &&
                run->second.to_write.contains(file->path))
                bytes += size_of(file->source);
        }
        return bytes;
    }

    const RealisedPlan& plan_;
    const Bindings& bindings_;
    Contents& contents_;
    Progress& progress_;
    Trust trust_;
    Survey survey_;  // of the bound targets that have not failed
    TargetFailed failed_;
    ApplyOutcome& outcome_;
};

}  // namespace

ApplyOutcome apply(const RealisedPlan& plan,
                   const Bindings& bindings,
                   Contents& contents,
                   Progress& progress,
                   Trust trust,
                   const std::function<Result<void>()>& before_writing) {
    ApplyOutcome outcome;
    const TargetFailed failed = giving_up(plan, bindings, outcome.failed);
    Result<Survey> found = survey(plan, bindings, contents, trust, failed);
    if (!found) {
        outcome.result = found.error();
        return outcome;
    }
    outcome.warnings = found->warnings;
    const Result<std::vector<VolumeRoom>> room = measure_room(plan, *found, failed);
    outcome.result = room ? check_room(*room) : room.error();
    if (outcome.result && before_writing) outcome.result = before_writing();
    if (!outcome.result) return outcome;
    outcome.result =
        Run(plan, bindings, contents, progress, trust, std::move(*found), failed, outcome).all();
    for (const FailedTarget& target : outcome.failed) {
        outcome.warnings.push_back("target " + target.id.text +
                                   " failed and is left as it is: " + target.why);
    }
    for (const auto& [id, files] : bindings.files) {
        for (std::string& warning : files->take_warnings())
            outcome.warnings.push_back("target " + id.text + ": " + std::move(warning));
    }
    return outcome;
}

}  // namespace cordwainer
