#include "cli/generations_view.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/utf8.h"

namespace cordwainer::cli {
namespace {

Generation generation() {
    Generation g;
    g.number = 12;
    g.created = 1'795'341'600;
    g.current = true;
    g.identity = "/gnu/store/s";
    g.kernel_version = "6.1.0-18-amd64";
    g.parameters.label = "GNU \"x\" caf\xc3\xa9";
    g.parameters.kernel = {"/gnu/store/k/bzImage", true, 3 << 20, std::nullopt};
    g.parameters.initrds = {{"/gnu/store/i", true, 1 << 20, std::nullopt},
                            {"/gnu/store/j", false, 0, std::nullopt}};
    g.parameters.command_line = "root=x quiet";
    g.parameters.store.device = *Uuid::parse("3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3");
    g.parameters.store.directory_prefix = "/@root";
    g.parameters.store.crypto_devices = {*Uuid::parse("9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821")};
    g.problems = {"the initrd /gnu/store/j is missing"};
    return g;
}

TEST(GenerationsJson, HasEveryKeyInOrder) {
    Generation hurd;
    hurd.number = 13;
    hurd.parameters.label = "Hurd";
    hurd.parameters.kernel = {"/gnumach", true, 5, std::nullopt};
    hurd.parameters.multiboot_modules = {{{"/ext2fs", true, 1, std::nullopt}, {"ext2fs", "-r"}},
                                         {{"/exec", true, 1, std::nullopt}, {}}};
    const Generations generations{{generation(), hurd}, {{"/p/system-3-link", "why"}}};
    EXPECT_EQ(generations_json(generations).dump(2), R"({
  "format": "cordwainer-generations/1",
  "generations": [
    {
      "number": 12,
      "label": "GNU \"x\" café",
      "kernel": "/gnu/store/k/bzImage",
      "initrds": [
        "/gnu/store/i",
        "/gnu/store/j"
      ],
      "command_line": "root=x quiet",
      "kernel_version": "6.1.0-18-amd64",
      "size": 4194304,
      "multiboot_modules": [],
      "created": "2026-11-22T10:00:00Z",
      "current": true,
      "default": false,
      "running": false,
      "pinned": false,
      "store": {
        "device": {
          "uuid": "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"
        },
        "mount_point": "/",
        "directory_prefix": "/@root",
        "crypto_devices": [
          "9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821"
        ]
      },
      "problems": [
        "the initrd /gnu/store/j is missing"
      ]
    },
    {
      "number": 13,
      "label": "Hurd",
      "kernel": "/gnumach",
      "initrds": [],
      "command_line": "",
      "kernel_version": null,
      "size": 5,
      "multiboot_modules": [
        [
          "/ext2fs",
          "ext2fs",
          "-r"
        ],
        [
          "/exec"
        ]
      ],
      "created": "1970-01-01T00:00:00Z",
      "current": false,
      "default": false,
      "running": false,
      "pinned": false,
      "store": {
        "device": null,
        "mount_point": "/",
        "directory_prefix": null,
        "crypto_devices": []
      },
      "problems": []
    }
  ],
  "skipped": [
    {
      "path": "/p/system-3-link",
      "why": "why"
    }
  ]
})");
}

TEST(GenerationsJson, NamesEachKindOfDevice) {
    Generations generations{{generation()}, {}};
    DeviceRef& device = generations.list[0].parameters.store.device;
    const auto shown = [&] {
        return generations_json(generations)["generations"][0]["store"]["device"].dump();
    };
    device = FileSystemLabel{"my root"};
    EXPECT_EQ(shown(), R"({"label":"my root"})");
    device = NfsExport{"h:/p"};
    EXPECT_EQ(shown(), R"({"nfs":"h:/p"})");
}

TEST(GenerationsJson, IsStrictUtf8) {
    Generation g = generation();
    g.parameters.label = g.parameters.kernel.path = g.parameters.command_line = "a\xff";
    g.parameters.initrds[0].path = "a\xff";
    g.parameters.store.device = FileSystemLabel{"a\xff"};
    g.parameters.store.mount_point = "a\xff";
    g.problems = {"a\xff"};
    const auto json = generations_json({{g}, {{"a\xff", "a\xff"}}});
    const std::string text = json.dump();  // throws where a string is no UTF-8
    EXPECT_TRUE(is_utf8(text));
    EXPECT_EQ(json["generations"][0]["label"], "a\xef\xbf\xbd");
}

TEST(GenerationsTable, AlignsItsColumns) {
    Generation old;
    old.number = 3;
    old.parameters.label = "a\x1b[31m";  // must not change the terminal's colour
    EXPECT_EQ(generations_table({old, generation()}),
              "  NUMBER  LABEL         CREATED (UTC)     KERNEL             SIZE\n"
              "       3  a\\x1b[31m     1970-01-01 00:00  -                   0 B\n"
              "*     12  GNU \"x\" caf\xc3\xa9  2026-11-22 10:00  6.1.0-18-amd64  4.0 MiB\n");
    EXPECT_EQ(generations_table({}), "");
}

TEST(GenerationsTable, ShowsMarksWhereThereAreAny) {
    Generation old;
    old.number = 3;
    const GenerationMarks marks{
        .pinned = {3, 12}, .running = {.numbers = {3}, .why = ""}, .boots = 12};
    const std::string table = generations_table({old, generation()}, marks);
    EXPECT_NE(table.find("0 B  running, pinned\n"), std::string::npos) << table;
    EXPECT_NE(table.find("4.0 MiB  default, pinned\n"), std::string::npos) << table;
    const GenerationMarks unclear{.running = {.numbers = {3, 12}, .why = "both"}};
    EXPECT_NE(generations_table({old, generation()}, unclear).find("0 B  running?\n"),
              std::string::npos);
}

TEST(GenerationsJson, HasMarks) {
    Generation old;
    old.number = 3;
    const Generations generations{{old, generation()}, {}};
    auto json = generations_json(
        generations, {.pinned = {3}, .running = {.numbers = {12}, .why = ""}, .boots = 3});
    EXPECT_EQ(json["generations"][0]["default"], true);
    EXPECT_EQ(json["generations"][0]["running"], false);
    EXPECT_EQ(json["generations"][0]["pinned"], true);
    EXPECT_EQ(json["generations"][1]["running"], true);
    json = generations_json(generations, {.running = {.numbers = {3, 12}, .why = "both"}});
    EXPECT_EQ(json["generations"][1]["running"], nullptr);
}

TEST(GenerationComplaints, AreALineEach) {
    const Generations generations{{generation()}, {{"/p/system-3-link", "why"}}};
    EXPECT_EQ(generation_complaints(generations),
              (std::vector<std::string>{"generation 12: the initrd /gnu/store/j is missing",
                                        "/p/system-3-link is skipped: why"}));
}

}  // namespace
}  // namespace cordwainer::cli
