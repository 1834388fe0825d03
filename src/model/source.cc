#include "model/source.h"

#include <string_view>

namespace cordwainer {
namespace {

// Length-prefixed, so that no two different recipes have one canonical form.
void add(Sha256& hash, std::string_view part) {
    hash.update(as_bytes(std::to_string(part.size()) + ":"));
    hash.update(as_bytes(part));
}

}  // namespace

bool Recipe::operator==(const Recipe&) const = default;

Digest recipe_key(const Recipe& recipe) {
    Sha256 hash;
    add(hash, "cordwainer-recipe/1");
    add(hash, recipe.maker);
    add(hash, recipe.version);
    add(hash, std::to_string(recipe.parameters.size()));
    for (const auto& [name, value] : recipe.parameters) {
        add(hash, name);
        add(hash, value);
    }
    for (const RecipeInput& input : recipe.inputs) {
        add(hash, input.name);
        add(hash, source_id(input.source).hex());
    }
    return hash.finish();
}

Digest source_id(const Source& source) {
    struct Visitor {
        Digest operator()(const HostFile& file) const { return file.digest; }

        Digest operator()(const Text& text) const { return sha256(text.text); }

        Digest operator()(const ObjectRef& object) const { return object.digest; }

        Digest operator()(const Recipe& recipe) const { return recipe_key(recipe); }
    };

    return std::visit(Visitor{}, source);
}

Digest digest_of(const RealisedSource& source) {
    return std::visit([](const auto& s) { return s.digest; }, source);
}

std::uint64_t size_of(const RealisedSource& source) {
    return std::visit([](const auto& s) { return s.size; }, source);
}

}  // namespace cordwainer
