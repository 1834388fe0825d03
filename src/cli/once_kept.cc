#include "cli/once_kept.h"

#include <fmt/format.h>
#include <utility>

namespace cordwainer::cli {

Result<KeptOnce> KeptOnce::before(const LivePlan& planned,
                                  const RealisedPlan& realised,
                                  Contents& contents) {
    KeptOnce kept;
    if (!planned.installed) return kept;
    const Installed& installed = *planned.installed;
    kept.store_ = OnceStore::of(installed.bootloader, installed.targets, planned.system);
    if (!kept.store_) return kept;
    const Result<std::optional<std::string>> found = kept.store_->read();
    if (!found) {
        kept.tell("it cannot be told whether a boot is asked for once: " + found.error().message());
        return kept;
    }
    if (*found) kept.generation_ = once_generation(installed, **found);
    if (!kept.generation_) return kept;
    if (find_generation(planned.generations, *kept.generation_)) {
        kept.entry_ = TRY(once_entry(realised, kept.generation_->number, contents));
    }
    if (!kept.entry_) TRY_VOID(kept.give_up("it is not in the new menu"));
    return kept;
}

void KeptOnce::after(const LivePlan& planned) {
    if (!generation_) return;
    const Result<void> done =
        planned.ends_once
            ? give_up(fmt::format("{} is to boot next", planned.plan.generation.value_or(0)))
            : put(planned);
    if (done) return;
    tell(fmt::format("the boot of generation {} that was asked for once could not be {}: {}",
                     generation_->number,
                     planned.ends_once ? "given up, and comes first" : "kept",
                     done.error().message()));
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

Result<void> KeptOnce::put(const LivePlan& planned) {
    const auto store = OnceStore::of(planned.plan.bootloader, planned.plan.targets, planned.system);
    if (!store) return give_up("there is no bootloader any more");
    const std::optional<std::string> there = TRY(store->read());
    if (there != entry_) {
        TRY_VOID(store->write(*entry_));
        changed_ = true;
    }
    if (!(*store == *store_)) TRY_VOID(store_->clear());
    tell(
        fmt::format("generation {} still boots next, once (`switch --once`)", generation_->number));
    return {};
}

}  // namespace cordwainer::cli
