#include "apply/give_up.h"

#include <algorithm>
#include <cerrno>

namespace cordwainer {
namespace {

class GiveUp {
  public:
    GiveUp(const RealisedPlan& plan, const Bindings& bindings, std::vector<FailedTarget>& failed)
        : plan_(plan), bindings_(bindings), failed_(failed) {}

    Result<void> operator()(const TargetId& id, const Error& error) {
        if (has_failed(id)) return {};
        const bool stopped = error.sys_errno == EINTR;  // by a signal
        if (!bindings_.give_up_failing || stopped || !can_be_spared(id)) return error;
        failed_.push_back({.id = id, .why = error.message()});
        return {};
    }

  private:
    [[nodiscard]] bool has_failed(const TargetId& id) const {
        return std::ranges::find(failed_, id, &FailedTarget::id) != failed_.end();
    }

    // Without a step nothing boots by it.
    [[nodiscard]] bool has_steps(const TargetId& id) const {
        return std::ranges::any_of(plan_.steps,
                                   [&](const RealisedStep& step) { return target_of(step) == id; });
    }

    [[nodiscard]] bool is_bound(const TargetId& id) const {
        return bindings_.files.contains(id) || bindings_.blocks.contains(id);
    }

    [[nodiscard]] bool can_be_spared(const TargetId& id) const {
        if (!has_steps(id)) return true;
        const auto planned = std::ranges::find(plan_.targets, id, &PlannedTarget::id);
        if (planned == plan_.targets.end()) return false;
        return std::ranges::any_of(plan_.targets, [&](const PlannedTarget& other) {
            return other.id != id && other.spec.tag == planned->spec.tag && is_bound(other.id) &&
                   has_steps(other.id) && !has_failed(other.id);
        });
    }

    const RealisedPlan& plan_;
    const Bindings& bindings_;
    std::vector<FailedTarget>& failed_;
};

}  // namespace

TargetFailed giving_up(const RealisedPlan& plan,
                       const Bindings& bindings,
                       std::vector<FailedTarget>& failed) {
    return GiveUp(plan, bindings, failed);
}

}  // namespace cordwainer
