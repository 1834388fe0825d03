#include "cli/verify.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apply/boot_code.h"
#include "apply/verify.h"
#include "cli/former_targets.h"
#include "cli/installed_plan.h"
#include "cli/live.h"
#include "cli/once.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/reading.h"
#include "host/host_contents.h"
#include "host/run_lock.h"
#include "sys/file_io.h"

namespace cordwainer::cli {
namespace {

constexpr const char* kVerifyDetails =
    R"(Every file that cordwainer owns is read and compared with the digest that it was written with, and so are the kernels and initrds that the menu reads where they are, and the boot code of disks. Of the file that GRUB writes itself the form is looked at. What is damaged is named, and the status is 1.

Neither the configuration nor the bootloader's package is needed for that, and nothing is written. A target that is not there is a problem too.

With --repair what is damaged is written again, each file by one exchange, and everything else that `cordwainer install` would do is done. Kernels and initrds of the system itself are not cordwainer's to repair.

Examples:

  cordwainer verify
  cordwainer verify --repair)";

// What was found on one target.
struct Finding {
    std::string target;
    Verified verified;
};

std::string sentence(const std::string& target, const Damage& damage) {
    std::string file = damage.path.text() + " on target " + target;
    switch (damage.kind) {
        case Damage::Kind::missing:
            return file + " is missing";
        case Damage::Kind::changed:
            return file + " is not what was written";
        case Damage::Kind::unreadable:
            return file + " cannot be read: " + damage.detail;
        case Damage::Kind::unfinished:
            return file + " was being written when a run was cut off";
    }
    return file;
}

class Verification {
  public:
    Verification(const LivePlan& planned, std::filesystem::path state, Progress& progress)
        : planned_(planned), state_(std::move(state)), progress_(progress) {}

    Result<void> all() {
        for (const UnreachedTarget& target : planned_.probed.unreached) {
            problems.push_back("target " + target.id.text + " (" + name_of(target.spec) +
                               ") is not there: " + target.why);
        }
        const Ports ports = TRY(open_ports(planned_));
        for (const auto& [id, error] : ports.bindings.failing) TRY_VOID(unless_failing(id, error));
        for (const PlannedTarget& target : planned_.plan.targets) {
            const auto port = ports.bindings.files.find(target.id);
            if (port == ports.bindings.files.end()) continue;
            TRY_VOID(unless_failing(target.id, files(target, *port->second)));
        }
        check_environment();
        return boot_code(ports.bindings);
    }

    std::vector<Finding> findings;
    std::vector<std::string> problems;  // beside those of the findings: one sentence each

    [[nodiscard]] bool sound() const {
        return problems.empty() && std::ranges::all_of(findings, [](const Finding& finding) {
                   return finding.verified.damage.empty() && finding.verified.warnings.empty();
               });
    }

  private:
    // What lies on other targets is looked at although the medium of this one fails.
    Result<void> unless_failing(const TargetId& id, const Result<void>& looked) {
        if (looked) return {};
        const std::string where = "target " + id.text;
        const bool fails = looked.error().code == Errc::io && looked.error().sys_errno != EINTR;
        if (!fails) return Result(looked).with_context(where);
        problems.push_back(where + " cannot be read: " + looked.error().message());
        return {};
    }

    Result<void> files(const PlannedTarget& target, FileTarget& port) {
        findings.push_back({target.id.text, TRY(verify_files(port, *target.own, progress_))});
        Verified& verified = findings.back().verified;
        if (!verified.known && verified.warnings.empty()) {
            verified.warnings.emplace_back(
                "there is no inventory any more, so what was installed here is not known");
        }
        for (const Reference& reference : findings.back().verified.references) check(reference);
        return {};
    }

    // A kernel that the menu reads where the system has it.
    void check(const Reference& reference) {
        if (!checked_.insert(reference.path).second) return;
        const Result<Fd> fd = planned_.system.open_file(reference.path, O_RDONLY);
        const Result<CopiedBytes> read =
            fd ? digest_rest(*fd, planned_.system.outside(reference.path)) : fd.error();
        if (!read) {
            problems.push_back("the menu reads " + reference.path +
                               ", which cannot be read: " + read.error().message());
        } else if (read->digest != reference.digest) {
            problems.push_back("the menu reads " + reference.path +
                               ", which is not what it was when the menu was made; " +
                               restore_advice(reference.path) +
                               ", or else `cordwainer install` makes a menu of what is there now");
        }
    }

    // What GRUB writes has no digest, but a form.
    void check_environment() {
        if (!planned_.recorded || !provides_block(*planned_.recorded)) return;
        const auto store =
            OnceStore::of(planned_.plan.bootloader, planned_.plan.targets, planned_.system);
        if (!store) return;
        const auto read = store->read();
        if (!read) problems.push_back(read.error().message());
    }

    Result<void> boot_code(const Bindings& bindings) {
        if (!planned_.recorded) return {};
        HostContents contents(planned_.system, state_);
        for (const RealisedStep& step : planned_.recorded->steps) {
            const auto* boot = std::get_if<BasicSwitchBootCode<RealisedSource>>(&step);
            if (!boot || !bindings.blocks.contains(boot->target)) continue;
            const Result<bool> there =
                has_boot_code(*boot, *bindings.blocks.at(boot->target), contents, Trust::contents);
            if (!there) {
                TRY_VOID(unless_failing(boot->target, there.error()));
            } else if (!*there) {
                problems.push_back("the boot code of target " + boot->target.text +
                                   " is not what was installed");
            }
        }
        return {};
    }

    const LivePlan& planned_;
    const std::filesystem::path state_;
    Progress& progress_;
    std::set<std::string> checked_;
};

Json report(const Verification& done, bool repaired) {
    Json targets = Json::array();
    for (const Finding& finding : done.findings) {
        Json damage = Json::array();
        for (const Damage& found : finding.verified.damage) {
            damage.push_back({{"path", found.path.text()},
                              {"kind", kind_name(found.kind)},
                              {"detail", found.detail}});
        }
        targets.push_back({{"target", finding.target},
                           {"files", finding.verified.files},
                           {"bytes", finding.verified.bytes},
                           {"damage", damage},
                           {"warnings", finding.verified.warnings}});
    }
    return {{"format", "cordwainer-verify/1"},
            {"targets", targets},
            {"problems", done.problems},
            {"repaired", repaired}};
}

std::string verdict_on(const Verified& verified) {
    if (!verified.damage.empty()) return fmt::format("{} damaged", verified.damage.size());
    return verified.warnings.empty() ? "as they were written" : "with warnings:";
}

std::string text_of(const Verification& done, bool repaired) {
    std::string text;
    for (const Finding& finding : done.findings) {
        text += fmt::format("{}: {} files, {}, {}\n",
                            finding.target,
                            finding.verified.files,
                            human_size(finding.verified.bytes),
                            verdict_on(finding.verified));
        for (const Damage& damage : finding.verified.damage) {
            text += "  " + printable(sentence(finding.target, damage)) + "\n";
        }
        for (const std::string& warning : finding.verified.warnings) {
            text += "  " + printable(warning) + "\n";
        }
    }
    for (const std::string& problem : done.problems) text += printable(problem) + "\n";
    if (text.empty()) text = "no bootloader is installed by cordwainer\n";
    if (repaired) text += "repaired: everything is as it is to be\n";
    return text;
}

// The machine's lock, so that no run is seen at work; without it where the state directory can only
// be read, since then no run is.
Result<std::optional<RunLock>> lock_for_reading(const Common& common) {
    Result<RunLock> lock = lock_machine(common.state, true);
    if (lock) return std::optional(*std::move(lock));
    if (lock.error().sys_errno == EROFS) return std::optional<RunLock>();
    return std::move(lock).error();
}

// Installs again, with every installed file read. The status to end with where that was not all
// done; nothing where it was.
Result<std::optional<int>> repair_all(const Common& common, Progress& progress) {
    Workspace workspace = Workspace::for_machine(common);
    const LivePlan planned = TRY(plan_live(common, {}, workspace));
    const LiveOutcome outcome = TRY(install_live(planned, workspace, Trust::contents, progress));
    warn(planned.warnings);
    warn(outcome.applied.warnings);
    if (!outcome.applied.result) {
        complain("repair: " + outcome.applied.result.error().message());
        return std::optional(outcome.applied.changed ? kPartial : kFailed);
    }
    if (!outcome.applied.failed.empty()) return std::optional(kPartial);
    TRY_VOID(Result(outcome.recorded).with_context("record the generation"));
    return std::optional<int>();
}

Result<int> run_verify(bool repair, const Common& common) {
    const auto held = TRY(lock_for_reading(common).with_context("verify"));
    const LivePlan installed = TRY(installed_plan(common).with_context("verify"));
    ErrorProgress progress;
    Verification verification(installed, common.state, progress);
    TRY_VOID(verification.all().with_context("verify"));
    bool repaired = false;
    if (repair && !verification.sound()) {
        const auto ended = TRY(repair_all(common, progress).with_context("repair"));
        if (ended) return *ended;
        const LivePlan now = TRY(installed_plan(common).with_context("verify"));
        Verification again(now, common.state, progress);
        TRY_VOID(again.all().with_context("verify"));
        repaired = again.sound();
    }
    progress.clear();
    TRY_VOID(common.json ? print_json(report(verification, repaired))
                         : print(text_of(verification, repaired)));
    warn(installed.warnings);
    return verification.sound() || repaired ? kDone : kFailed;
}

}  // namespace

Command verify_command() {
    return {
        .name = "verify",
        .summary = "reads and compares every byte that is installed",
        .declare = [] -> Declared {
            auto repair = std::make_shared<bool>(false);
            return {.options = {{.names = {"--repair"},
                                 .meaning = "Write again what is damaged",
                                 .target = repair.get()}},
                    .run = [repair](const Common& common) { return run_verify(*repair, common); }};
        },
        .details = kVerifyDetails,
    };
}

}  // namespace cordwainer::cli
