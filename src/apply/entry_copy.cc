#include "apply/entry_copy.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cordwainer {
namespace {

// Whether what is at `path` is what an earlier run put there. It may be replaced then, so that an
// equal size, where there is no stamp, is not enough.
Result<bool> is_ours(FileRun& run, const RelPath& path, const FileState& state, Trust trust) {
    const auto before = run.before.files.find(path);
    if (before == run.before.files.end()) return false;
    const OwnedFile& file = before->second;
    const bool known = !file.pending && !state.stamp.empty() && as_written(file, state);
    if (trust == Trust::stamps && known && !file.stamp.empty()) return true;
    return still_ours(run, path);
}

}  // namespace

Result<EntryCopy> copy_for(const FirmwareEntry& entry,
                           const RealisedPlan& plan,
                           FileRun& run,
                           Trust trust) {
    const auto program = program_of(entry, plan);
    if (!entry.fallback || !program)
        return Error(Errc::unsupported, "the plan has no other way to start it");
    const RelPath& path = *entry.fallback;
    EntryCopy copy{
        .path = path,
        .source = program->source,
        .wanted = {.digest = digest_of(program->source), .size = size_of(program->source)}};
    std::optional<std::string> stamp = TRY(present(run, path, copy.wanted, trust));
    if (stamp) {
        copy.wanted.stamp = *std::move(stamp);
        copy.there = true;
        return copy;
    }
    const std::optional<FileState> state = TRY(run.port.look(path));
    const bool ours = !state || TRY(is_ours(run, path, *state, trust));
    if (!ours) return Error(Errc::refused, path.text() + " there is not ours and is left as it is");
    TRY_VOID(run.port.check_place(path));
    return copy;
}

void want_copy(FileRun& run, const EntryCopy& copy, std::filesystem::path from) {
    std::erase(run.to_remove, copy.path);
    run.after.files.insert_or_assign(copy.path, copy.wanted);
    if (!copy.there) run.to_write.insert_or_assign(copy.path, std::move(from));
}

}  // namespace cordwainer
