#include "host/native_generations.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "core/sha256.h"
#include "host/profiles.h"
#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

using test::bzimage;
using test::SystemTree;

std::string boot_json(const std::string& label, const std::string& more = "") {
    return R"({"format": "cordwainer-boot-parameters/2", "label": ")" + label +
           R"(", "kernel": "kernel", "command_line": "quiet", "created": "2026-11-22T10:00:00Z")" +
           more + "}";
}

class NativeGenerations : public testing::Test {
  protected:
    static std::string place(int number) {
        return "/var/lib/cordwainer/generations/" + std::to_string(number);
    }

    void add(int number, const std::string& content) const {
        tree_.file(place(number) + "/boot.json", content);
        tree_.file(place(number) + "/kernel", bzimage("6.1.0-18-amd64"));
    }

    void current(const std::string& text) const {
        tree_.link("/var/lib/cordwainer/generations/current", text);
    }

    Generations read() {
        GenerationsRequest request;
        request.source = GenerationsRequest::Source::native;
        auto generations = read_generations(tree_.root(), request, cache_);
        EXPECT_TRUE(generations) << generations.error().message();
        return generations ? *std::move(generations) : Generations{};
    }

    std::string current_numbers() {
        std::string text;
        for (const Generation& g : read().list) {
            if (g.current) text += std::to_string(g.number) + ";";
        }
        return text;
    }

    SystemTree tree_;
    DigestCache cache_;
};

TEST_F(NativeGenerations, AreReadWhole) {
    const std::string json =
        boot_json("L",
                  R"(, "initrds": ["initrd-1", "/boot/ucode.img"], "device_tree": "tree",
            "multiboot_modules": [["module", "a b"]],
            "store": {"device": {"uuid": "1C31-A17C"}, "mount_point": "/var",
                      "directory_prefix": "/@var", "crypto_devices": []})");
    add(7, json);
    tree_.file(place(7) + "/initrd-1", "12345");
    tree_.file(place(7) + "/tree", "t");
    tree_.file("/boot/ucode.img", "123");
    const Generations generations = read();
    ASSERT_EQ(generations.list.size(), 1U);
    Generation wanted;
    wanted.number = 7;
    wanted.created = 1'795'341'600;
    wanted.current = true;
    wanted.identity = sha256(json).hex();
    wanted.kernel_version = "6.1.0-18-amd64";
    wanted.problems = {"the multiboot module " + place(7) + "/module is missing"};
    wanted.parameters.label = "L";
    wanted.parameters.kernel = {place(7) + "/kernel", true, 0x800, std::nullopt};
    wanted.parameters.initrds = {{place(7) + "/initrd-1", true, 5, std::nullopt},
                                 {"/boot/ucode.img", true, 3, std::nullopt}};
    wanted.parameters.command_line = "quiet cordwainer.generation=7";
    wanted.parameters.multiboot_modules = {
        {{place(7) + "/module", false, 0, std::nullopt}, {"a b"}}};
    wanted.parameters.device_tree = BootFile{place(7) + "/tree", true, 1, std::nullopt};
    wanted.parameters.store.device = *Uuid::parse("1C31-A17C");
    wanted.parameters.store.mount_point = "/var";
    wanted.parameters.store.directory_prefix = "/@var";
    EXPECT_EQ(generations.list[0], wanted);
    EXPECT_TRUE(generations.skipped.empty());
}

TEST_F(NativeGenerations, HideNoOtherWhereOneCannotBeRead) {
    add(2, boot_json("two"));
    add(3, boot_json("three") + "x");
    tree_.directory(place(4));
    tree_.file(place(5), "a file");
    tree_.file("/var/lib/cordwainer/generations/06/boot.json", boot_json("six"));
    add(10, boot_json("ten"));
    tree_.file("/var/lib/cordwainer/generations/.new-1-0/boot.json", boot_json("new"));
    tree_.file("/var/lib/cordwainer/generations/7.old/boot.json", boot_json("old"));
    const Generations generations = read();
    ASSERT_EQ(generations.list.size(), 2U);
    EXPECT_EQ(generations.list[0].number, 2U);
    EXPECT_EQ(generations.list[1].number, 10U);
    std::vector<std::string> paths;
    for (const SkippedGeneration& s : generations.skipped) paths.push_back(s.path);
    EXPECT_EQ(paths,
              (std::vector<std::string>{
                  place(3), place(4), place(5), "/var/lib/cordwainer/generations/06"}));
}

TEST_F(NativeGenerations, NameTheCurrentOneByItsLink) {
    for (const int number : {1, 2, 10}) add(number, boot_json("L"));
    EXPECT_EQ(current_numbers(), "10;");  // no link: the highest
    current("2");
    EXPECT_EQ(current_numbers(), "2;");
    current("/var/lib/cordwainer/generations/1");
    EXPECT_EQ(current_numbers(), "1;");
    current("9");
    EXPECT_EQ(current_numbers(), "");
    current("x");
    EXPECT_EQ(current_numbers(), "");
}

TEST_F(NativeGenerations, AreNoneWhereThereIsNoDirectory) {
    EXPECT_EQ(read(), Generations{});
}

}  // namespace
}  // namespace cordwainer
