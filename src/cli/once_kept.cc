#include "cli/once_kept.h"

#include <fmt/format.h>
#include <utility>

#include "bootloaders/grub/bootloader.h"
#include "cli/recording.h"

namespace cordwainer::cli {
namespace {

std::string what_boots(const LivePlan& planned) {
    const auto number = default_of(planned.plan);
    return number ? std::to_string(*number) : "the menu's default";
}

// What to take entries for where nothing was installed with another menu.
Installed as_planned(const LivePlan& planned) {
    return installed_by(planned.plan, planned.generations, planned.plan.targets);
}

}  // namespace

Result<KeptOnce> KeptOnce::before(const LivePlan& planned,
                                  const RealisedPlan& realised,
                                  Contents& contents) {
    KeptOnce kept;
    // Where GRUB cannot write, no block of it is read.
    if (realised.bootloader != grub::kName || provides_block(realised)) {
        kept.next_ = OnceStore::of(planned.plan.bootloader, planned.plan.targets, planned.system);
    }
    std::optional<OnceStore> former;
    if (planned.installed) {
        const Installed& installed = *planned.installed;
        former = OnceStore::of(installed.bootloader, installed.targets, planned.system);
    }
    if (former) kept.look_in(*former, *planned.installed);
    const bool another = kept.next_ && !(former && *kept.next_ == *former);
    if (another && !kept.generation_) kept.look_in(*kept.next_, as_planned(planned));
    if (!kept.generation_) return kept;
    if (find_generation(planned.generations, *kept.generation_)) {
        kept.entry_ = TRY(once_entry(realised, kept.generation_->number, contents));
    }
    if (!kept.entry_) TRY_VOID(kept.give_up("it is not in the new menu"));
    return kept;
}

void KeptOnce::look_in(const OnceStore& store, const Installed& installed) {
    const bool next = next_ && *next_ == store;
    const Result<std::optional<std::string>> found = store.read();
    if (!found && found.error().code == Errc::corrupt && next) {
        damage_ = found.error().message();
    } else if (!found) {
        tell("it cannot be told whether a boot is asked for once: " + found.error().message());
    }
    if (!found || !*found) return;
    generation_ = once_generation(installed, **found);
    if (generation_) {
        store_ = store;
    } else if (next) {
        other_ = **found;
    }
}

void KeptOnce::after(const LivePlan& planned) {
    if (damage_) renew();
    if (other_) settle_other(planned);
    if (!generation_) return;
    const Result<void> done =
        planned.ends_once ? give_up(what_boots(planned) + " is to boot next") : put();
    if (done) return;
    tell(fmt::format("the boot of generation {} that was asked for once could not be {}: {}",
                     generation_->number,
                     planned.ends_once ? "given up, and comes first" : "kept",
                     done.error().message()));
}

// One of another size was made anew with the plan.
void KeptOnce::renew() {
    const Result<bool> renewed = next_->renew();
    if (!renewed) {
        tell(fmt::format("{}; it could not be made anew: {}", *damage_, renewed.error().message()));
        return;
    }
    changed_ = true;
    tell(*damage_ + "; it is made anew, and a boot that was asked for once, if any, is given up");
}

// One that is for no generation of the menu. Nobody can want what is named as ours and is not.
void KeptOnce::settle_other(const LivePlan& planned) {
    const std::string what = fmt::format("{} asks for \"{}\" once", next_->name(), *other_);
    const bool stale = once_number(planned.plan.bootloader, *other_).has_value();
    if (!stale && !planned.ends_once) {
        tell(what +
             ", which is no generation of this menu: that boots next, if the loader has it; "
             "`cordwainer switch` to a generation ends it");
        return;
    }
    const Result<void> cleared = next_->clear();
    if (!cleared) {
        tell(fmt::format(
            "{}, which could not be cleared and comes first: {}", what, cleared.error().message()));
        return;
    }
    changed_ = true;
    tell(fmt::format("{}; that is given up: {}",
                     what,
                     stale ? std::string("it is no generation of this menu")
                           : what_boots(planned) + " is to boot next"));
}

Result<void> KeptOnce::give_up(const std::string& why) {
    TRY_VOID(store_->clear());
    changed_ = true;
    tell(fmt::format("generation {} was to boot once (`switch --once`); that is given up: {}",
                     generation_->number,
                     why));
    generation_.reset();
    return {};
}

Result<void> KeptOnce::put() {
    if (!next_) return give_up("there is no bootloader any more");
    const std::optional<std::string> there = TRY(next_->read());
    if (there != entry_) {
        TRY_VOID(next_->write(*entry_));
        changed_ = true;
    }
    if (!(*next_ == *store_)) TRY_VOID(store_->clear());
    tell(
        fmt::format("generation {} still boots next, once (`switch --once`)", generation_->number));
    return {};
}

}  // namespace cordwainer::cli
