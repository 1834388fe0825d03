#include "cli/status_facts.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <unistd.h>
#include <utility>

#include "apply/boot_code.h"
#include "apply/executor.h"
#include "apply/installed.h"
#include "apply/record.h"
#include "bootloaders/registry.h"
#include "cli/config_file.h"
#include "cli/generations_request.h"
#include "core/bytes.h"
#include "host/block_device.h"
#include "host/host_contents.h"
#include "host/live_files.h"
#include "host/profiles.h"
#include "host/record_files.h"
#include "sys/file_io.h"
#include "sys/root.h"

namespace cordwainer::cli {
namespace {

using State = TargetStatus::State;

// A text of the Boot Loader Interface: UTF-16, behind the four bytes of attributes that efivarfs
// puts in front. Names of entries are plain, so anything else becomes "?".
std::optional<std::string> loader_variable(const std::filesystem::path& sys, const char* name) {
    constexpr const char* kVendor = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
    constexpr std::size_t kAttributes = 4;
    const Result<Bytes> value =
        read_file(sys / "firmware/efi/efivars" / (std::string(name) + kVendor));
    if (!value) return std::nullopt;
    std::string text;
    for (std::size_t at = kAttributes;; at += 2) {
        const auto unit = le16_at(*value, at);
        if (!unit || *unit == 0) break;
        text += *unit >= 0x20 && *unit < 0x7f ? static_cast<char>(*unit) : '?';
    }
    return text.empty() ? std::nullopt : std::optional(text);
}

// Whether only root may look.
bool is_forbidden(const Error& error) {
    return error.sys_errno == EACCES || error.sys_errno == EPERM;
}

class Look {
  public:
    Look(const Common& common, const MachinePlaces& places, const Root& system, Installed installed)
        : common_(common), places_(places), system_(system), installed_(std::move(installed)) {}

    Result<MachineStatus> take() {
        status_.bootloader = installed_.bootloader;
        read_generations_of_system();
        status_.next =
            next_boot(installed_,
                      generations_,
                      {.once = loader_variable(places_.sys, "LoaderEntryOneShot"),
                       .by_default = loader_variable(places_.sys, "LoaderEntryDefault")});
        look_at_running();
        read_plan();
        look_at_targets();
        return std::move(status_);
    }

  private:
    void unseen(const std::string& what, const Error& error) {
        status_.unseen.push_back(what + ": " + error.message() + ".");
    }

    void read_generations_of_system() {
        GenerationsConfig config;
        auto configured = load_generations_config(common_, all_bootloaders());
        if (configured) {
            config = *std::move(configured);
        } else {
            unseen("the configuration", configured.error());
        }
        DigestCache cache;
        auto read = read_generations(system_, generations_request(system_, common_, config), cache);
        if (read) {
            generations_ = *std::move(read);
        } else {
            unseen("the generations", read.error());
        }
    }

    void look_at_running() {
        const auto booted = read_booted(system_);
        if (!booted) return unseen("the running kernel's command line", booted.error());
        if (*booted) status_.running = running_status(installed_, generations_, **booted);
    }

    // What was installed last, as the record of what boots by default has it.
    void read_plan() {
        if (!installed_.boots) return;
        auto record = read_record(common_.state, installed_.boots->number);
        if (!record && is_forbidden(record.error())) return unseen("the record", record.error());
        if (record && *record && (*record)->identity == installed_.boots->identity) {
            plan_ = std::move((*record)->plan);
            return;
        }
        status_.problems.push_back(fmt::format(
            "The record of generation {}, which boots by default, {}: `cordwainer install` writes "
            "it again.",
            installed_.boots->number,
            record ? "is not there" : "cannot be read (" + record.error().message() + ")"));
    }

    void look_at_targets() {
        auto probe = Probe::open(system_, places_);
        if (!probe) unseen("the mounts and devices", probe.error());
        for (const PlannedTarget& known : installed_.targets) {
            TargetStatus target{.target = known, .state = State::as_installed, .why = {}};
            const bool current = find_in_plan(target);
            std::filesystem::path device;
            if (!current && known.spec.type == TargetType::block) {
                target.state = State::kept;
            } else if (!probe || reach(*probe, target, device)) {
                look_at(device, target);
            }
            if (!current && target.state == State::as_installed) target.state = State::leftover;
            check_references(target.files);
            status_.targets.push_back(std::move(target));
        }
    }

    // Gives the target the id that the plan has for its place.
    bool find_in_plan(TargetStatus& target) const {
        if (!plan_) return true;
        const auto found = std::ranges::find_if(plan_->targets, [&](const PlannedTarget& planned) {
            // An image was made with its own file as the disk.
            const bool image = planned.spec.block.kind == BlockId::Kind::this_image &&
                               target.target.spec.type == TargetType::block;
            return image || same_place(planned, target.target);
        });
        if (found == plan_->targets.end()) return false;
        target.target.id = found->id;
        return true;
    }

    // Whether the target is there, or may be: without root's rights that is not known of a
    // directory, which can be looked at all the same.
    bool reach(const Probe& probe, TargetStatus& target, std::filesystem::path& device) const {
        const PlannedTarget& known = target.target;
        const Result<ProbedTargets> found = probe.targets({known.spec});
        if (!found && is_forbidden(found.error())) {
            target.why = found.error().message();
            return known.spec.type == TargetType::file;
        }
        if (!found) {
            target.why = found.error().message();
        } else if (found->found.empty()) {
            target.why = found->unreached.front().why;
        } else if (known.uuid && found->found.front().boot.uuid != known.uuid) {
            target.why = "the file system there is not the one with UUID " + known.uuid->text();
        } else {
            for (const auto& [id, node] : found->devices) device = node;
            return true;
        }
        target.state = ::geteuid() == 0 ? State::unreached : State::unseen;
        return false;
    }

    void look_at(const std::filesystem::path& device, TargetStatus& target) {
        const Result<void> looked = target.target.spec.type == TargetType::file
                                        ? look_at_directory(target)
                                        : look_at_boot_code(device, target);
        if (looked) return;
        target.state = State::unseen;
        target.why = looked.error().message();
    }

    Result<void> look_at_directory(TargetStatus& target) {
        const PlannedTarget& known = target.target;
        if (!known.own) return {};
        const auto there = TRY(system_.status(known.spec.path));
        if (!there) {  // opening it would make it
            target.state = State::damaged;
            target.why = "the directory " + system_.outside(known.spec.path) + " is missing";
            return {};
        }
        const auto port = TRY(open_live_files(system_.path(), known.spec.path, *known.own));
        target.files =
            TRY(look_at_files(*port, *known.own, known.id, plan_.value_or(RealisedPlan{})));
        if (const auto space = TRY(port->free_space())) target.free_bytes = space->bytes;
        target.state = state_of(target);
        return {};
    }

    [[nodiscard]] State state_of(const TargetStatus& target) const {
        const FilesState& files = target.files;
        const auto has = [&](Damage::Kind kind) {
            return std::ranges::find(files.damage, kind, &Damage::kind) != files.damage.end();
        };
        if (has(Damage::Kind::missing) || has(Damage::Kind::changed) || !files.warnings.empty())
            return State::damaged;
        if (has(Damage::Kind::unfinished)) return State::unfinished;
        if (files.outdated > 0 || missed_the_plan(target.target.id)) return State::outdated;
        return State::as_installed;
    }

    // A target of the plan without any step was not there when that was made.
    [[nodiscard]] bool missed_the_plan(const TargetId& id) const {
        if (!plan_) return false;
        const bool planned =
            std::ranges::find(plan_->targets, id, &PlannedTarget::id) != plan_->targets.end();
        return planned && std::ranges::none_of(plan_->steps, [&](const RealisedStep& step) {
                   return target_of(step) == id;
               });
    }

    Result<void> look_at_boot_code(const std::filesystem::path& device, TargetStatus& target) {
        if (!plan_) return {};
        if (missed_the_plan(target.target.id)) {
            target.state = State::outdated;
            return {};
        }
        const auto disk = TRY(BlockDevice::open(device));
        HostContents contents(system_, common_.state);
        for (const RealisedStep& step : plan_->steps) {
            const auto* boot = std::get_if<BasicSwitchBootCode<RealisedSource>>(&step);
            if (!boot || boot->target != target.target.id) continue;
            const bool there = TRY(has_boot_code(*boot, *disk, contents, Trust::stamps));
            if (there) continue;
            target.state = State::damaged;
            target.why = "its boot code is not the one that was installed";
        }
        return {};
    }

    // What the menu reads where the system has it must be there.
    void check_references(const FilesState& files) {
        for (const Reference& reference : files.references) {
            if (!checked_.insert(reference.path).second) continue;
            const auto there = system_.status(reference.path);
            if (there && *there && (*there)->size == reference.size) continue;
            status_.problems.push_back(fmt::format("The menu reads {}, which {}.",
                                                   system_.outside(reference.path),
                                                   there && *there ? "has changed" : "is missing"));
        }
    }

    const Common& common_;
    const MachinePlaces& places_;
    const Root& system_;
    const Installed installed_;
    Generations generations_;
    std::optional<RealisedPlan> plan_;
    std::set<std::string> checked_;
    MachineStatus status_;
};

}  // namespace

Health health_of(const MachineStatus& status) {
    const auto any = [&](auto is) {
        return std::ranges::any_of(status.targets,
                                   [&](const TargetStatus& target) { return is(target.state); });
    };
    const bool broken = any([](State state) {
        return state != State::as_installed && state != State::kept && state != State::unseen;
    });
    if (broken || !status.problems.empty()) return Health::needs_repair;
    if (any([](State state) { return state == State::unseen; }) || !status.unseen.empty())
        return Health::unknown;
    return Health::sound;
}

Result<MachineStatus> look_at_status(const Common& common, const MachinePlaces& places) {
    const Root system = TRY(Root::open(common.root));
    auto installed = TRY(read_installed(common.state));
    if (!installed) {
        return Error(Errc::not_found,
                     "nothing was installed here (there is no " + common.state +
                         "/installed.json): `cordwainer install` does it");
    }
    return Look(common, places, system, *std::move(installed)).take();
}

}  // namespace cordwainer::cli
