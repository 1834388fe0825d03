#include "cli/made_recipes.h"

#include <optional>
#include <variant>

namespace cordwainer::cli {
namespace {

class MadeRecipes {
  public:
    explicit MadeRecipes(const ObjectStore& store) : store_(store) {}

    Result<void> add(const StageFile& step) { return add(step.source); }

    Result<void> add(const ProvideFile& step) { return add(step.source); }

    Result<void> add(const ReplaceFile& step) { return add(step.source); }

    Result<void> add(const SwitchBootCode& step) {
        TRY_VOID(add(step.boot_code));
        for (const BootSlot& slot : step.slots) TRY_VOID(add(slot.image));
        return {};
    }

    static Result<void> add(const FirmwareEntry& /*step*/) { return {}; }

    std::map<Digest, ObjectRef> made;

  private:
    Result<void> add(const Source& source) {
        const auto* recipe = std::get_if<Recipe>(&source);
        if (recipe == nullptr) return {};
        const Digest key = recipe_key(*recipe);
        if (made.contains(key)) return {};
        const std::optional<ObjectRef> object = TRY(store_.made_by(key));
        if (object) made.emplace(key, *object);
        for (const RecipeInput& input : recipe->inputs) TRY_VOID(add(input.source));
        return {};
    }

    const ObjectStore& store_;
};

}  // namespace

Result<std::map<Digest, ObjectRef>> made_recipes(const Plan& plan, const ObjectStore& store) {
    MadeRecipes recipes(store);
    for (const Step& step : plan.steps) {
        TRY_VOID(std::visit([&](const auto& one) { return recipes.add(one); }, step));
    }
    return std::move(recipes.made);
}

}  // namespace cordwainer::cli
