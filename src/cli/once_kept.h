// A boot that was asked for once, while a new menu is installed: it is kept, whatever bootloader
// comes, as long as its generation is in the menu; given up otherwise, and that is said.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/live.h"
#include "cli/once.h"
#include "core/error.h"
#include "model/contents.h"
#include "model/plan.h"

namespace cordwainer::cli {

class KeptOnce {
  public:
    // Looks for one, before the plan is applied. What the new menu does not have is given up here:
    // a loader that found it in the store and not in the menu could start something else than the
    // default (GRUB: the first of the older generations).
    [[nodiscard]] static Result<KeptOnce> before(const LivePlan& planned,
                                                 const RealisedPlan& realised,
                                                 Contents& contents);

    // Puts it where the new menu's loader has it, after the plan was applied.
    void after(const LivePlan& planned);

    // Whether anything was written.
    [[nodiscard]] bool changed() const { return changed_; }

    // What the user should know, one sentence each.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    void tell(const std::string& sentence) { warnings_.push_back(sentence); }

    Result<void> give_up(const std::string& why);
    Result<void> put(const LivePlan& planned);

    std::optional<OnceStore> store_;          // where it was found
    std::optional<GenerationId> generation_;  // of the installed menu; none: there is none to keep
    std::optional<std::string> entry_;        // in the new menu
    bool changed_ = false;
    std::vector<std::string> warnings_;
};

}  // namespace cordwainer::cli
