#include "cli/status_facts.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <set>
#include <unistd.h>
#include <utility>

#include "apply/boot_code.h"
#include "apply/executor.h"
#include "apply/installed.h"
#include "bootloaders/registry.h"
#include "cli/config_file.h"
#include "cli/former_targets.h"
#include "cli/generations_request.h"
#include "cli/installed_plan.h"
#include "cli/once.h"
#include "cli/reading.h"
#include "host/block_device.h"
#include "host/firmware_list.h"
#include "host/firmware_partition.h"
#include "host/firmware_variables.h"
#include "host/host_contents.h"
#include "host/live_files.h"
#include "host/pins.h"
#include "host/profiles.h"
#include "host/run_lock.h"
#include "sys/root.h"

namespace cordwainer::cli {
namespace {

using State = TargetStatus::State;

// Whether only root may look.
bool is_forbidden(const Error& error) {
    return error.sys_errno == EACCES || error.sys_errno == EPERM;
}

class Look {
  public:
    Look(const Common& common, const MachinePlaces& places, const Root& system, Installed installed)
        : common_(common),
          places_(places),
          system_(system),
          variables_(system.outside(kFirmwareVariables)),
          installed_(std::move(installed)) {}

    Result<MachineStatus> take() {
        look_for_run();
        status_.bootloader = installed_.bootloader;
        read_generations_of_system();
        status_.next = next_boot(installed_, generations_, read_choice());
        look_at_running();
        look_at_pins();
        read_plan();
        look_at_targets();
        look_at_firmware();
        look_for_run();  // one that began meanwhile
        return std::move(status_);
    }

  private:
    void unseen(const std::string& what, const Error& error) {
        note_forbidden(error);
        status_.unseen.push_back(what + ": " + error.message() + ".");
    }

    void note_forbidden(const Error& error) {
        if (is_forbidden(error) && ::geteuid() != 0) status_.forbidden = true;
    }

    void look_for_run() {
        auto holder = RunLock::holder(common_.state);
        if (!holder && status_.unseen.empty()) unseen("whether a run is at work", holder.error());
        if (holder && *holder) status_.at_work = *std::move(holder);
    }

    void read_generations_of_system() {
        GenerationsConfig config;
        // A mistake anywhere in it is told, since the next run would refuse it.
        const auto whole = load_config(common_, all_bootloaders());
        if (!whole && whole.error().code != Errc::not_found)
            unseen("the configuration", whole.error());
        auto configured = load_generations_config(common_);
        const bool known = configured.has_value();
        if (known) config = *std::move(configured);
        DigestCache cache;
        auto read = read_generations(system_, generations_request(system_, common_, config), cache);
        if (read) {
            generations_ = *std::move(read);
            if (known)
                std::ranges::move(lost_generations(installed_, generations_),
                                  std::back_inserter(status_.problems));
        } else {
            unseen("the generations", read.error());
        }
    }

    LoaderChoice read_choice() { return {.once = read_once(), .by_default = read_default()}; }

    std::optional<std::string> read_once() {
        const auto store = OnceStore::of(installed_.bootloader, installed_.targets, system_);
        if (!store) return std::nullopt;
        auto entry = store->read();
        if (entry) return *std::move(entry);
        if (entry.error().code == Errc::corrupt) {
            status_.problems.push_back(entry.error().message() +
                                       ": `cordwainer install` makes a new one.");
        } else {
            unseen("what boots once", entry.error());
        }
        return std::nullopt;
    }

    std::optional<std::string> read_default() {
        auto text = variables_.read_text("LoaderEntryDefault", kLoaderVendor);
        if (text) return *std::move(text);
        unseen("what is stored in the firmware for systemd-boot", text.error());
        return std::nullopt;
    }

    void look_at_running() {
        const auto booted = read_booted(system_);
        if (!booted) return unseen("the running kernel's command line", booted.error());
        if (*booted) status_.running = running_status(installed_, generations_, **booted);
    }

    void look_at_pins() {
        const auto pins = read_pins(common_.state);
        if (pins) return;
        if (pins.error().code != Errc::corrupt) return unseen("the pins", pins.error());
        status_.problems.push_back(pins.error().message() + ".");
    }

    // What was installed last, as the record of what boots by default has it.
    void read_plan() {
        auto recorded = recorded_plan(common_, installed_);
        if (recorded) {
            plan_ = *std::move(recorded);
        } else if (is_forbidden(recorded.error())) {
            unseen("the record", recorded.error());
        } else {
            status_.problems.push_back("The " + recorded.error().message() +
                                       ": `cordwainer install` writes it again.");
        }
    }

    void look_at_targets() {
        auto probe = Probe::open(system_, places_);
        if (!probe) unseen("the mounts and devices", probe.error());
        for (const PlannedTarget& known : installed_.targets) {
            TargetStatus target{.target = known, .state = State::as_installed, .why = {}};
            const bool current = find_in_plan(target);
            std::optional<FoundAgain> found;
            if (!current && known.spec.type == TargetType::block) {
                target.state = State::kept;
            } else if (!probe || reach(*probe, target, found)) {
                look_at(found ? found->device : std::filesystem::path(), target);
            }
            note_programs(target, found);
            if (!current && target.state == State::as_installed) target.state = State::leftover;
            check_references(target.files);
            status_.targets.push_back(std::move(target));
        }
    }

    // Where firmware would find the EFI programs that are installed on the target.
    void note_programs(const TargetStatus& target, const std::optional<FoundAgain>& found) {
        if (target.target.spec.type != TargetType::file) return;
        const bool unknown = !target.files.known;  // it is away, or has lost its inventory
        if (!unknown && target.files.programs.empty()) return;
        const auto partition = unknown || !found
                                   ? Error(Errc::not_found, "")
                                   : firmware_partition(system_, target.target.spec.path, places_);
        if (!partition) {
            owned_.all = false;
            return;
        }
        std::string directory = found->target.boot.offset.value_or("");
        directory.erase(0, 1);  // its slash
        for (const RelPath& program : target.files.programs) {
            owned_.programs.push_back(
                {.target = target.target.id,
                 .path = program,
                 .place = {.partition = *partition,
                           .path = directory.empty() ? program.text()
                                                     : directory + "/" + program.text()}});
        }
    }

    // Gives the target the id that the plan has for its place.
    bool find_in_plan(TargetStatus& target) const {
        if (!plan_) return true;
        const PlannedTarget* planned = planned_place(*plan_, target.target);
        if (!planned) return false;
        target.target.id = planned->id;
        return true;
    }

    // Whether the target is there, or may be: without root's rights that is not known of a
    // directory, which can be looked at all the same.
    bool reach(const Probe& probe, TargetStatus& target, std::optional<FoundAgain>& found) {
        const PlannedTarget& known = target.target;
        auto again = look_again(lookup_in(probe), known);
        if (again) {
            found = *std::move(again);
            return true;
        }
        target.why = again.error().message();
        if (is_forbidden(again.error()) && known.spec.type == TargetType::file) return true;
        const bool root = ::geteuid() == 0;
        target.state = root ? State::unreached : State::unseen;
        if (!root) status_.forbidden = true;
        return false;
    }

    void look_at(const std::filesystem::path& device, TargetStatus& target) {
        const Result<void> looked = target.target.spec.type == TargetType::file
                                        ? look_at_directory(target)
                                        : look_at_boot_code(device, target);
        if (looked) return;
        const bool fails = looked.error().code == Errc::io && !is_forbidden(looked.error());
        target.state = fails ? State::damaged : State::unseen;
        note_forbidden(looked.error());
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

    void look_at_firmware() {
        const auto uefi = system_.status("/sys/firmware/efi");
        const Result<FirmwareList> list =
            uefi && *uefi ? read_firmware_list(variables_)
                          : Error(Errc::not_found, "UEFI firmware has not started this machine");
        if (!list && !plans_entries()) return;
        if (!list) return unseen("the firmware's boot entries", list.error());
        status_.firmware = firmware_status(*list, owned_);
        if (plan_) status_.firmware->missing = missing_entries(*list, owned_, *plan_);
    }

    [[nodiscard]] bool plans_entries() const {
        return plan_ && std::ranges::any_of(plan_->steps, [](const RealisedStep& step) {
                   return std::holds_alternative<FirmwareEntry>(step);
               });
    }

    // What the menu reads where the system has it must be there.
    void check_references(const FilesState& files) {
        for (const Reference& reference : files.references) {
            if (!checked_.insert(reference.path).second) continue;
            const auto there = system_.status(reference.path);
            if (there && *there && (*there)->size == reference.size) continue;
            status_.lost_contents.push_back(
                fmt::format("The menu reads {}, which {}; {}.",
                            system_.outside(reference.path),
                            there && *there ? "has changed" : "is missing",
                            restore_advice(reference.path)));
        }
    }

    const Common& common_;
    const MachinePlaces& places_;
    const Root& system_;
    const FirmwareVariables variables_;
    const Installed installed_;
    Generations generations_;
    std::optional<RealisedPlan> plan_;
    OwnedPrograms owned_;
    std::set<std::string> checked_;
    MachineStatus status_;
};

}  // namespace

Health health_of(const MachineStatus& status) {
    if (status.at_work) return Health::unknown;
    const auto any = [&](auto is) {
        return std::ranges::any_of(status.targets,
                                   [&](const TargetStatus& target) { return is(target.state); });
    };
    const bool broken = any([](State state) {
        return state != State::as_installed && state != State::kept && state != State::unseen;
    });
    const bool unlisted = status.firmware && !status.firmware->missing.empty();
    if (broken || unlisted || !status.problems.empty() || !status.lost_contents.empty())
        return Health::needs_repair;
    if (any([](State state) { return state == State::unseen; }) || !status.unseen.empty())
        return Health::unknown;
    return Health::sound;
}

Result<MachineStatus> look_at_status(const Common& common, const MachinePlaces& places) {
    const Root system = TRY(Root::open(common.root));
    Installed installed = TRY(what_is_installed(common));
    return Look(common, places, system, std::move(installed)).take();
}

}  // namespace cordwainer::cli
