#include "model/source.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace cordwainer {
namespace {

Recipe recipe() {
    Recipe r;
    r.maker = "grub-core-image";
    r.version = "2.06";
    r.parameters = {{"platform", "i386-pc"}, {"prefix", "/boot"}};
    r.inputs = {{"kernel.img", Text{"kernel"}},
                {"modules", HostFile{HostFile::Base::machine, "/m", sha256("m"), 1}}};
    return r;
}

TEST(RecipeKey, IsTheSameForTheSameRecipe) {
    EXPECT_EQ(recipe_key(recipe()), recipe_key(recipe()));
}

TEST(RecipeKey, ChangesWithEveryPartThatTheBytesDependOn) {
    std::vector<Recipe> recipes(9, recipe());
    recipes[1].maker = "grub-boot-sector";
    recipes[2].version = "2.12";
    recipes[3].parameters["prefix"] = "/boot2";
    recipes[4].parameters.erase("prefix");
    recipes[5].inputs[0].name = "other";
    recipes[6].inputs[0].source = Text{"other"};
    recipes[7].inputs.pop_back();
    std::swap(recipes[8].inputs[0], recipes[8].inputs[1]);
    for (std::size_t i = 0; i < recipes.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            EXPECT_NE(recipe_key(recipes[i]), recipe_key(recipes[j])) << i << " " << j;
        }
    }
}

// Parts are told apart by their lengths, not by a separator that they could contain.
TEST(RecipeKey, TellsPartsApart) {
    Recipe one;
    one.maker = "ab";
    one.version = "c";
    Recipe two;
    two.maker = "a";
    two.version = "bc";
    EXPECT_NE(recipe_key(one), recipe_key(two));
    Recipe three;
    three.parameters = {{"a", "b"}, {"c", "d"}};
    Recipe four;
    four.parameters = {{"a", "b"}};
    four.inputs = {{"c", Text{"d"}}};
    EXPECT_NE(recipe_key(three), recipe_key(four));
}

TEST(RecipeKey, DoesNotDependOnWhereAnInputLies) {
    Recipe moved = recipe();
    moved.inputs[1].source = HostFile{HostFile::Base::system, "/elsewhere", sha256("m"), 1};
    EXPECT_EQ(recipe_key(moved), recipe_key(recipe()));
    moved.inputs[1].source = ObjectRef{sha256("m"), 1};
    EXPECT_EQ(recipe_key(moved), recipe_key(recipe()));
}

TEST(RecipeKey, FollowsNestedRecipes) {
    Recipe outer;
    outer.inputs = {{"image", recipe()}};
    Recipe inner = recipe();
    inner.version = "2.12";
    Recipe other;
    other.inputs = {{"image", inner}};
    EXPECT_NE(recipe_key(outer), recipe_key(other));
}

TEST(SourceId, IsTheDigestWhereTheBytesAreKnown) {
    EXPECT_EQ(source_id(Text{"abc"}), sha256("abc"));
    EXPECT_EQ(source_id(HostFile{HostFile::Base::system, "/x", sha256("x"), 1}), sha256("x"));
    EXPECT_EQ(source_id(ObjectRef{sha256("x"), 1}), sha256("x"));
    EXPECT_EQ(source_id(recipe()), recipe_key(recipe()));
}

TEST(RealisedSource, HasDigestAndSize) {
    const RealisedSource file = HostFile{HostFile::Base::system, "/x", sha256("x"), 7};
    const RealisedSource object = ObjectRef{sha256("y"), 8};
    EXPECT_EQ(digest_of(file), sha256("x"));
    EXPECT_EQ(size_of(file), 7U);
    EXPECT_EQ(digest_of(object), sha256("y"));
    EXPECT_EQ(size_of(object), 8U);
}

}  // namespace
}  // namespace cordwainer
