#include "host/gc_roots.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <string>

#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

using test::SystemTree;

constexpr const char* kRoots = "/var/guix/gcroots/cordwainer/";

std::string text_of(const SystemTree& tree, const std::string& name) {
    return tree.root().read_link(kRoots + name).value_or("none");
}

TEST(GcRoots, AreTheItemsOfWhatIsInstalled) {
    Plan plan;
    plan.references = {{.path = "/gnu/store/k/bzImage", .digest = {}},
                       {.path = "/boot/k", .digest = {}}};
    const RelPath path = *RelPath::parse("a");
    plan.steps.emplace_back(StageFile{.target = {"files"},
                                      .path = path,
                                      .source = HostFile{.base = HostFile::Base::system,
                                                         .path = "/gnu/store/i/initrd",
                                                         .digest = {},
                                                         .size = 0}});
    plan.steps.emplace_back(StageFile{.target = {"files"},
                                      .path = path,
                                      .source = HostFile{.base = HostFile::Base::machine,
                                                         .path = "/gnu/store/tool/x",
                                                         .digest = {},
                                                         .size = 0}});
    StoreItems items;
    add_items_of(plan, items);
    add_item("/gnu/store/", items);
    add_item("/gnu/store/s", items);
    EXPECT_EQ(items, (StoreItems{"/gnu/store/k", "/gnu/store/i", "/gnu/store/s"}));
}

TEST(GcRoots, AreLinksThatStayUntilTheyArePruned) {
    const SystemTree tree;
    tree.directory("/gnu/store/a");
    ASSERT_TRUE(add_gc_roots(tree.root(), {"/gnu/store/a", "/gnu/store/b"}));
    ASSERT_TRUE(add_gc_roots(tree.root(), {"/gnu/store/c"}));
    EXPECT_EQ(text_of(tree, "a"), "/gnu/store/a");
    EXPECT_EQ(text_of(tree, "b"), "/gnu/store/b");
    EXPECT_EQ(text_of(tree, "c"), "/gnu/store/c");
    tree.file(std::string(kRoots) + "note", "not a link");
    ASSERT_TRUE(prune_gc_roots(tree.root(), {"/gnu/store/c"}));
    EXPECT_EQ(text_of(tree, "a"), "none");
    EXPECT_EQ(text_of(tree, "c"), "/gnu/store/c");
    EXPECT_EQ(tree.content(std::string(kRoots) + "note"), "not a link");
}

TEST(GcRoots, AreNoneWithoutAStore) {
    const SystemTree tree;
    ASSERT_TRUE(add_gc_roots(tree.root(), {"/gnu/store/a"}));
    ASSERT_TRUE(prune_gc_roots(tree.root(), {}));
    EXPECT_FALSE(std::filesystem::exists(tree.outside("/var")));
}

}  // namespace
}  // namespace cordwainer
