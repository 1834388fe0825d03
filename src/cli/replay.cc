#include "cli/replay.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "realise/object_store.h"

namespace cordwainer::cli {
namespace {

class ReplayCheck {
  public:
    ReplayCheck(const Record& record,
                const LivePlan& rebound,
                const std::filesystem::path& state,
                DigestCache& digests,
                DigestCache& machine_digests)
        : record_(record),
          rebound_(rebound),
          store_(state, ObjectStore::Durability::durable),
          digests_(digests),
          machine_digests_(machine_digests) {}

    Result<std::vector<std::string>> problems() {
        machine_.emplace(TRY(Root::open("/")));
        for (const RealisedStep& step : record_.plan.steps) {
            std::visit([this](const auto& kind) { check(kind); }, step);
        }
        for (const ObjectRef& object : record_.objects) check_source(object);
        for (const Reference& reference : record_.plan.references) {
            check_file(rebound_.system, digests_, reference.path, reference.digest);
        }
        return std::move(problems_);
    }

  private:
    void check(const BasicStageFile<RealisedSource>& step) { check_source(step.source); }

    void check(const BasicProvideFile<RealisedSource>& step) { check_source(step.source); }

    void check(const BasicReplaceFile<RealisedSource>& step) { check_source(step.source); }

    // Boot code is made for its place on the disk.
    void check(const BasicSwitchBootCode<RealisedSource>& step) {
        check_source(step.boot_code);
        for (const auto& slot : step.slots) check_source(slot.image);
        const auto target = std::ranges::find(rebound_.probed.found, step.target, &Target::id);
        if (target == rebound_.probed.found.end()) return;
        if (target->spec.block.kind == BlockId::Kind::device_path) {
            problems_.push_back("target " + step.target.text + " was named by its device, " +
                                target->spec.block.value + ", which may be another disk by now");
            return;
        }
        const auto* disk = std::get_if<ObservedDisk>(&target->observed);
        const auto& place = disk && disk->bios_boot ? disk->bios_boot
                            : disk                  ? disk->gap
                                                    : std::nullopt;
        const bool fits =
            place && std::ranges::all_of(step.slots, [&](const auto& slot) {
                return slot.range.first_lba >= place->first_lba &&
                       slot.range.first_lba + slot.range.count <= place->first_lba + place->count;
            });
        if (!fits) {
            problems_.push_back("the place for boot code on target " + step.target.text +
                                " is no longer where it was");
        }
    }

    void check(const FirmwareEntry&) {}

    void check_source(const RealisedSource& source) {
        if (const auto* file = std::get_if<HostFile>(&source)) {
            const bool system = file->base == HostFile::Base::system;
            check_file(system ? rebound_.system : *machine_,
                       system ? digests_ : machine_digests_,
                       file->path,
                       file->digest);
            return;
        }
        const auto& object = std::get<ObjectRef>(source);
        const std::string path = store_.path(object.digest).string();
        if (!checked_.insert(path).second) return;
        const auto read = digest_file(path);
        if (!read) {
            problems_.push_back("an object cannot be read: " + read.error().message());
        } else if (read->digest != object.digest) {
            problems_.push_back("the object " + path + " is damaged");
        }
    }

    void check_file(const Root& root,
                    DigestCache& digests,
                    const std::string& path,
                    const Digest& digest) {
        const std::string shown = root.outside(path);
        if (!checked_.insert(shown).second) return;
        const Result<std::optional<FileStatus>> status = root.status(path);
        if (!status || !*status) {
            problems_.push_back(shown + " is missing");
            return;
        }
        const Result<Digest> found = digests.digest(root, path, **status);
        if (!found) {
            problems_.push_back(shown + " cannot be read: " + found.error().message());
        } else if (*found != digest) {
            problems_.push_back(shown + " is not what it was");
        }
    }

    const Record& record_;
    const LivePlan& rebound_;
    ObjectStore store_;
    DigestCache& digests_;
    DigestCache& machine_digests_;
    std::optional<Root> machine_;
    std::set<std::string> checked_;
    std::vector<std::string> problems_;
};

}  // namespace

Result<void> check_replay(const Record& record,
                          const LivePlan& rebound,
                          const std::filesystem::path& state,
                          DigestCache& digests,
                          DigestCache& machine_digests) {
    ReplayCheck check(record, rebound, state, digests, machine_digests);
    const std::vector<std::string> problems = TRY(check.problems());
    if (problems.empty()) return {};
    std::string text;
    for (const std::string& problem : problems) text += (text.empty() ? "" : "\n") + problem;
    return Error(Errc::refused, std::move(text));
}

}  // namespace cordwainer::cli
