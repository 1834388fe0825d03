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
#include <vector>

#include "apply/boot_code.h"
#include "apply/verify.h"
#include "cli/live.h"
#include "cli/once.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "host/host_contents.h"
#include "sys/file_io.h"

namespace cordwainer::cli {
namespace {

constexpr const char* kVerifyDetails =
    R"(Every file that cordwainer owns is read and compared with the digest that it was written with, and so are the kernels and initrds that the menu reads where they are, and the boot code of disks. Of the file that GRUB writes itself the form is looked at. What is damaged is named, and the status is 1.

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
    Verification(const LivePlan& planned, const std::filesystem::path& state, Progress& progress)
        : planned_(planned), state_(state), progress_(progress) {}

    Result<void> all() {
        const Ports ports = TRY(open_ports(planned_));
        for (const auto& [id, error] : ports.bindings.failing) TRY_VOID(unless_failing(id, error));
        for (const PlannedTarget& target : planned_.plan.targets) {
            const auto port = ports.bindings.files.find(target.id);
            if (port == ports.bindings.files.end()) continue;
            TRY_VOID(unless_failing(target.id, files(target, *port->second)));
        }
        check_environment();
        return ports.bindings.blocks.empty() ? Result<void>() : boot_code(ports.bindings);
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
        if (!verified.known && verified.warnings.empty() && was_installed(target)) {
            verified.warnings.emplace_back(
                "there is no inventory any more, so what was installed here is not known");
        }
        for (const Reference& reference : findings.back().verified.references) check(reference);
        return {};
    }

    [[nodiscard]] bool was_installed(const PlannedTarget& target) const {
        return planned_.installed &&
               std::ranges::any_of(planned_.installed->targets, [&](const PlannedTarget& known) {
                   return known.spec.type == target.spec.type &&
                          known.spec.path == target.spec.path && known.own == target.own;
               });
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
                               ", which is not what it was when the menu was made");
        }
    }

    // What GRUB writes has no digest, but a form.
    void check_environment() {
        if (!provides_block(planned_.plan)) return;
        const auto store =
            OnceStore::of(planned_.plan.bootloader, planned_.plan.targets, planned_.system);
        if (!store) return;
        const auto read = store->read();
        if (!read) problems.push_back(read.error().message());
    }

    Result<void> boot_code(const Bindings& bindings) {
        const RealisedPlan realised = TRY(realise_live(planned_, state_, progress_));
        HostContents contents(planned_.system, state_);
        for (const RealisedStep& step : realised.steps) {
            const auto* boot = std::get_if<BasicSwitchBootCode<RealisedSource>>(&step);
            if (!boot || !bindings.blocks.contains(boot->target)) continue;
            const Result<bool> there =
                has_boot_code(*boot, *bindings.blocks.at(boot->target), contents, Trust::contents);
            if (!there) {
                TRY_VOID(unless_failing(boot->target, there.error()));
            } else if (!*there) {
                problems.push_back("the boot code of target " + boot->target.text +
                                   " is not what would be installed now");
            }
        }
        return {};
    }

    const LivePlan& planned_;
    const std::filesystem::path& state_;
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
    if (text.empty()) text = "nothing is installed where the configuration has a target\n";
    if (repaired) text += "repaired: everything is as it is to be\n";
    return text;
}

Result<int> run_verify(bool repair, const Common& common) {
    const RunLock held = TRY(lock_machine(common.state, true).with_context("verify"));
    Workspace workspace = Workspace::for_machine(common);
    const LivePlan planned = TRY(plan_live(common, {}, workspace).with_context("verify"));
    const std::filesystem::path state = TRY(workspace.state());
    ErrorProgress progress;
    Verification verification(planned, state, progress);
    TRY_VOID(verification.all().with_context("verify"));
    bool repaired = false;
    if (repair && !verification.sound()) {
        const LiveOutcome outcome =
            TRY(install_live(planned, workspace, Trust::contents, progress).with_context("repair"));
        progress.clear();
        warn(outcome.applied.warnings);
        if (!outcome.applied.result) {
            complain("repair: " + outcome.applied.result.error().message());
            return outcome.applied.changed ? kPartial : kFailed;
        }
        if (!outcome.applied.failed.empty()) return kPartial;
        TRY_VOID(Result(outcome.recorded).with_context("record the generation"));
        Verification again(planned, state, progress);
        TRY_VOID(again.all().with_context("verify"));
        repaired = again.sound();
    }
    progress.clear();
    TRY_VOID(common.json ? print_json(report(verification, repaired))
                         : print(text_of(verification, repaired)));
    warn(planned.warnings);
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
