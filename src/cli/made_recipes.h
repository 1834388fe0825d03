// What the recipes of a plan have made.
#pragma once

#include <map>

#include "core/error.h"
#include "core/sha256.h"
#include "model/plan.h"
#include "realise/object_store.h"

namespace cordwainer::cli {

// By key, the object of each recipe of the plan, and of the recipes that are inputs of one, that
// the store has.
[[nodiscard]] Result<std::map<Digest, ObjectRef>> made_recipes(const Plan& plan,
                                                               const ObjectStore& store);

}  // namespace cordwainer::cli
