// A boot that was asked for once, while a new menu is installed: it is kept, whatever bootloader
// comes, as long as its generation is in the menu; given up otherwise, and that is said. One that
// is for something else than a generation, as others' programs ask for it, is left by `install` and
// told; where a generation is chosen to boot next it is given up like any other.
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
    // Looks for one, before the plan is applied and when it is known that it fits. What the new
    // menu does not have is given up here: a loader that found it in the store and not in the menu
    // could start something else than the default (GRUB: the first of the older generations).
    //
    // Where nothing is known to be installed, what is in the store of the new bootloader is taken
    // for a request of the generation that has its number now.
    [[nodiscard]] static Result<KeptOnce> before(const LivePlan& planned,
                                                 const RealisedPlan& realised,
                                                 Contents& contents);

    // Puts it where the new menu's loader has it, after the plan was applied; and makes an
    // environment block of GRUB anew that is damaged.
    void after(const LivePlan& planned);

    // Whether anything was written.
    [[nodiscard]] bool changed() const { return changed_; }

    // What the user should know, one sentence each.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    void tell(const std::string& sentence) { warnings_.push_back(sentence); }

    // Takes what is asked for in a store, if it is a generation's; else notes it.
    void look_in(const OnceStore& store, const Installed& installed);

    void renew();
    void settle_other(const LivePlan& planned);
    Result<void> give_up(const std::string& why);
    Result<void> put();

    std::optional<OnceStore> store_;          // where it was found
    std::optional<GenerationId> generation_;  // of the installed menu; none: there is none to keep
    std::optional<std::string> entry_;        // in the new menu
    std::optional<OnceStore> next_;           // that the new menu's loader reads
    std::optional<std::string> other_;        // what that has, and is for no generation
    std::optional<std::string> damage_;       // of that, which is to be made anew
    bool changed_ = false;
    std::vector<std::string> warnings_;
};

}  // namespace cordwainer::cli
