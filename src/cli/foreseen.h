// A plan as if every recipe had been run: for looking at what applying it would do, without doing
// any of it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/sha256.h"
#include "model/contents.h"
#include "model/plan.h"

namespace cordwainer::cli {

// What the recipe of a key has made earlier, if that is still there.
using MadeBy = std::function<Result<std::optional<ObjectRef>>(const Digest& key)>;

struct ForeseenPlan {
    RealisedPlan plan;  // its targets with the former ones
    // What is still to be made has its recipe's key for a digest, which no file has, and no size.
    std::set<Digest> to_be_made;
};

// `former`: targets of earlier installations, which are to be cleared. Runs no recipe.
[[nodiscard]] Result<ForeseenPlan> foresee(const Plan& plan,
                                           const std::vector<PlannedTarget>& former,
                                           const MadeBy& made_by);

// Contents for a plan of which nothing is copied, so that no bytes need be where they will be; what
// is read comes from `contents`.
class NoCopies : public Contents {
  public:
    explicit NoCopies(Contents& contents) : contents_(contents) {}

    Result<std::filesystem::path> locate(const RealisedSource& source) override;
    Result<Bytes> read(const RealisedSource& source) override;

  private:
    Contents& contents_;
};

}  // namespace cordwainer::cli
