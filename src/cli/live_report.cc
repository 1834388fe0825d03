#include "cli/live_report.h"

#include <cerrno>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/generation_numbers.h"
#include "cli/output.h"

namespace cordwainer::cli {
namespace {

Json report(const LivePlan& planned,
            const LiveOutcome& outcome,
            const std::string& command,
            const std::vector<GenerationId>& deleted,
            const std::vector<std::string>& warnings) {
    Json unreached = Json::array();
    for (const UnreachedTarget& target : planned.probed.unreached) {
        unreached.push_back({{"target", target.id.text}, {"why", target.why}});
    }
    for (const FailedTarget& target : outcome.applied.failed) {
        unreached.push_back({{"target", target.id.text}, {"why", target.why}});
    }
    const auto& current = planned.plan.generation;
    return {{"format", "cordwainer-" + command.substr(0, command.find(' ')) + "/1"},
            {"bootloader", planned.plan.bootloader},
            {"generation", current ? Json(*current) : Json()},
            {"generations", planned.generations.list.size()},
            {"changed", outcome.applied.changed || !deleted.empty()},
            {"deleted", numbers_of(deleted)},
            {"unreached", unreached},
            {"warnings", warnings}};
}

std::string summary(const LivePlan& planned, const LiveOutcome& outcome) {
    if (planned.plan.bootloader == "none" && !outcome.applied.changed) {
        return "nothing is installed: the bootloader is \"none\"\n";
    }
    if (planned.plan.bootloader == "none") {
        return "what was installed is removed: the bootloader is \"none\"\n";
    }
    if (!outcome.applied.changed) return "nothing to do: everything is installed as planned\n";
    const auto boots = default_of(planned.plan);
    return fmt::format("{} is installed, generations: {}{}\n",
                       planned.plan.bootloader,
                       planned.generations.list.size(),
                       boots ? fmt::format(", by default {} boots", *boots) : "");
}

// A directory that a power cut left half made cannot be read, and Linux then writes nothing there
// any more: what to do, where an error may be of that.
std::string fat_advice(const LivePlan& planned, const Error& error) {
    if (error.sys_errno != EIO && error.sys_errno != EROFS) return "";
    for (const Target& target : planned.probed.found) {
        const bool fat = target.boot.volume && target.boot.volume->file_system == "vfat";
        if (!fat || target.spec.type != TargetType::file) continue;
        return "where the disk itself is sound (`dmesg` tells), a power cut may have left a "
               "directory half made: unmount the file system of " +
               target.spec.path +
               ", run \"fsck.fat -a\" on it until it finds nothing, mount it, and run this again";
    }
    return "";
}

}  // namespace

Result<int> report_live(const LivePlan& planned,
                        const LiveOutcome& outcome,
                        const std::string& command,
                        bool json,
                        const std::vector<GenerationId>& deleted) {
    std::vector<std::string> warnings = planned.warnings;
    for (const auto& more :
         {planned.plan.warnings, outcome.applied.warnings, outcome.applied.not_done}) {
        warnings.insert(warnings.end(), more.begin(), more.end());
    }
    if (!outcome.applied.result) {
        warn(warnings);
        if (!outcome.recorded) complain(outcome.recorded.error().message());
        const Error& error = outcome.applied.result.error();
        const std::string advice = fat_advice(planned, error);
        if (!outcome.applied.changed) {
            if (!advice.empty()) complain(advice);
            return error;
        }
        complain(error.message() + (advice.empty() ? "" : "\n" + advice));
        complain("what booted before still boots; run `cordwainer " + command +
                 "` again to complete what was begun");
        return kPartial;
    }
    const Result<void> printed =
        json ? print_json(report(planned, outcome, command, deleted, warnings))
             : print(summary(planned, outcome));
    if (!json) warn(warnings);
    for (const Result<void>& done : {outcome.recorded, printed}) {
        if (!done) complain("everything is installed, but: " + done.error().message());
    }
    const bool complete = outcome.recorded && printed && planned.probed.unreached.empty() &&
                          outcome.applied.failed.empty() && outcome.applied.not_done.empty();
    return complete ? kDone : kPartial;
}

}  // namespace cordwainer::cli
