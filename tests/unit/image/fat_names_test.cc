#include "image/fat_names.h"

#include <gmock/gmock.h>

namespace cordwainer::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Node file() {
    Node node;
    node.kind = Node::Kind::file;
    return node;
}

TEST(FatNamesTest, FindsWhatFatCannotHold) {
    Node root;
    Node& directory = root.children["EFI"];
    directory.children["Boot"] = file();
    directory.children["boot"] = file();
    directory.children["Ä"] = file();
    directory.children["ä"] = file();
    directory.children["link"].kind = Node::Kind::symlink;
    directory.children["null"].kind = Node::Kind::character_device;
    directory.children["large"] = file();
    directory.children["large"].size = std::uint64_t{1} << 32U;
    EXPECT_THAT(check_fat_tree(root),
                ElementsAre(HasSubstr("/EFI/boot: for FAT this is the same name as \"Boot\""),
                            HasSubstr("/EFI/large: FAT has no files of 4 GiB"),
                            HasSubstr("/EFI/link: FAT has no symbolic links"),
                            HasSubstr("/EFI/null: FAT has no devices"),
                            HasSubstr("/EFI/ä: for FAT this is the same name")));
}

TEST(FatNamesTest, TheSameNameElsewhereIsAnother) {
    Node root;
    root.children["a"].children["x"] = file();
    root.children["b"].children["X"] = file();
    EXPECT_THAT(check_fat_tree(root), IsEmpty());
}

}  // namespace
}  // namespace cordwainer::image
