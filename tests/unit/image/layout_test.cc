#include "image/layout.h"

#include <gmock/gmock.h>

#include "image/layout_schema.h"
#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::HasSubstr;

// A layout of one partition with these further keys.
std::string with(const std::string& keys, const std::string& top = "") {
    return "{" + top + R"("partition": [{"type": "linux", "size": "64MiB")" + keys + "}]}";
}

TEST(LayoutTest, ReadsEveryPart) {
    const auto layout = layout_from(R"({
        "image": {"table": "hybrid-mbr", "size": "1GiB", "alignment": "4MiB",
                  "uuid": "3F9C1A52-7B1E-4D0A-9C55-0E8D7A41B6C3", "guest-kernel": "k/vmlinuz"},
        "system": {"root": "../tree", "owner": "root"},
        "partition": [
            {"type": "esp", "label": "EFI", "size": "64MiB", "file-system": "vfat",
             "file-system-uuid": "1c31-a17c", "hybrid-type": "0x0c", "flags": ["bootable"],
             "mount": "/boot/efi"},
            {"type": "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "size": "rest",
             "file-system": "btrfs", "flags": ["read-only", "required"],
             "subvolumes": [{"name": "@root", "mount": "/"}, {"name": "@root/var"}],
             "contents": [{"from": "a", "to": "/x", "owner": "root"}],
             "encryption": {"type": "luks2", "passphrase-file": "key", "pbkdf": "argon2id",
                            "iterations": 4, "memory": 32, "parallel": 1, "sector-size": 4096}}]})",
                                    "/layouts");
    ASSERT_TRUE(layout) << layout.error().message();
    EXPECT_EQ(layout->table, TableKind::hybrid_mbr);
    EXPECT_EQ(layout->size, 1024 * kMiB);
    EXPECT_EQ(layout->disk_uuid->text(), "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3");
    EXPECT_EQ(layout->root, "/tree");
    EXPECT_TRUE(layout->root_owner);
    EXPECT_EQ(layout->guest.kernel, "/layouts/k/vmlinuz");
    const Partition& esp = layout->partitions[0];
    EXPECT_EQ(esp.alignment, 4 * kMiB);
    EXPECT_EQ(esp.file_system_uuid->text(), "1C31-A17C");
    EXPECT_EQ(esp.hybrid_type, 0x0c);
    EXPECT_TRUE(esp.bootable);
    const Partition& root = layout->partitions[1];
    EXPECT_EQ(root.size.kind, Size::Kind::rest);
    EXPECT_EQ(root.attributes, (std::vector<unsigned>{0, 60}));
    EXPECT_EQ(root.subvolumes[1].name, "@root/var");
    EXPECT_EQ(root.contents[0].from, "/layouts/a");
    EXPECT_TRUE(root.contents[0].owner_root);
    EXPECT_EQ(root.encryption->passphrase_file, "/layouts/key");
    EXPECT_EQ(root.encryption->sector_size, 4096U);
    EXPECT_EQ(mounts_of(*layout),
              (std::vector<Mount>{{.path = "/", .partition = 1, .prefix = "/@root"},
                                  {.path = "/boot/efi", .partition = 0, .prefix = ""}}));
}

TEST(LayoutTest, IdentifiersFollowFromLayoutAndDateOnly) {
    const std::string text =
        with(R"(, "file-system": "ext4", "mount": "/")", R"("system": {"root": "tree"}, )");
    const auto first = layout_from(text, "/here", 1700000000);
    const auto second = layout_from(text, "/there", 1700000000);
    const auto later = layout_from(text, "/here", 1700000001);
    const auto seeded = layout_from(with(R"(, "file-system": "ext4", "mount": "/")",
                                         R"("image": {"seed": "x"}, "system": {"root": "tree"}, )"),
                                    "/here",
                                    1700000000);
    ASSERT_TRUE(first && second && later && seeded);
    EXPECT_EQ(first->disk_uuid, second->disk_uuid);
    EXPECT_EQ(first->partitions[0].uuid, second->partitions[0].uuid);
    EXPECT_EQ(first->partitions[0].file_system_uuid, second->partitions[0].file_system_uuid);
    EXPECT_NE(first->partitions[0].uuid, first->partitions[0].file_system_uuid);
    EXPECT_NE(first->disk_uuid, later->disk_uuid);
    EXPECT_NE(first->disk_uuid, seeded->disk_uuid);
}

TEST(LayoutTest, IdentifiersStayTheSameInEveryVersion) {
    const auto layout = layout_from(with(R"(, "file-system": "ext4")"));
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->partitions[0].file_system_uuid->text(),
              "38405cd0-cf0b-8771-a24c-ff78caf517ca");
}

TEST(LayoutTest, ThePassphraseIsInNoIdentifier) {
    const auto text = [](const std::string& passphrase) {
        return with(R"(, "file-system": "ext4", "encryption": {"type": "luks2", "passphrase": ")" +
                    passphrase + R"("})");
    };
    const auto first = layout_from(text("one"));
    const auto second = layout_from(text("two"));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->partitions[0].encryption->uuid, second->partitions[0].encryption->uuid);
}

TEST(LayoutTest, NamesPlaceAndNearestKey) {
    const std::string message = refusal(with(R"(, "file-sytem": "ext4")"));
    EXPECT_THAT(message, HasSubstr("layout.toml:"));
    EXPECT_THAT(message, HasSubstr("\"file-system\""));
    EXPECT_THAT(refusal(R"({"partition": [{"type": "linx", "size": "1MiB"}]})"),
                HasSubstr("such as 0x83, not \"linx\"; did you mean \"linux\"?"));
}

struct Refused {
    const char* name;
    std::string layout;
    const char* message;
};

class RefusedLayoutTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedLayoutTest, SaysWhy) {
    EXPECT_THAT(refusal(GetParam().layout), HasSubstr(GetParam().message));
}

const char* const kMbr = R"("image": {"table": "mbr"}, )";

INSTANTIATE_TEST_SUITE_P(
    Layouts,
    RefusedLayoutTest,
    testing::Values(
        Refused{"no_partition", R"({"partition": []})", "at least one [[partition]]"},
        Refused{"rest_without_size",
                R"({"partition": [{"type": "linux", "size": "rest", "file-system": "ext4"}]})",
                "of an image whose size is fixed"},
        Refused{"more_than_the_image_has",
                R"({"image": {"size": "64MiB"}, "partition": [
                    {"type": "linux", "size": "32MiB"}, {"type": "linux", "size": "32MiB"}]})",
                "the partitions need 66 MiB, which is 2 MiB more than the image has: set size = "
                "\"66MiB\" in [image], or leave size out"},
        Refused{"no_room_for_the_rest",
                R"({"image": {"size": "40MiB"}, "partition": [
                    {"type": "linux", "size": "32MiB"},
                    {"type": "linux", "size": "rest", "file-system": "ext4"}]})",
                "the partitions need 50 MiB, which is 10 MiB more than the image has"},
        Refused{"nothing_to_measure",
                R"({"partition": [{"type": "swap", "file-system": "swap"}]})",
                "there is no content to take the size from"},
        Refused{"odd_size",
                R"({"partition": [{"type": "linux", "size": "1000B"}]})",
                "a multiple of 512 bytes"},
        Refused{"small_ext4",
                R"({"partition": [{"type": "linux", "size": "1MiB", "file-system": "ext4"}]})",
                "set at least \"16MiB\""},
        Refused{
            "small_luks",
            with(R"(, "file-system": "btrfs", "encryption": {"type": "luks2", "passphrase": "x"})"),
            "set at least \"144MiB\""},
        Refused{"five_in_an_mbr",
                R"({"image": {"table": "mbr"}, "partition": [
                    {"type": "linux", "size": "1MiB"}, {"type": "linux", "size": "1MiB"},
                    {"type": "linux", "size": "1MiB"}, {"type": "linux", "size": "1MiB"},
                    {"type": "linux", "size": "1MiB"}]})",
                "at most 4 partitions"},
        Refused{
            "bios_boot_in_an_mbr",
            R"({"image": {"table": "mbr"}, "partition": [{"type": "bios-boot", "size": "1MiB"}]})",
            "leave the bios-boot partition out"},
        Refused{"label_in_an_mbr", with(R"(, "label": "x")", kMbr), "have no label"},
        Refused{"mbr_type_in_a_gpt",
                R"({"partition": [{"type": "0x83", "size": "1MiB"}]})",
                "a GPT has no MBR types"},
        Refused{"bootable_in_a_gpt", with(R"(, "flags": ["bootable"])"), "no flag \"bootable\""},
        Refused{"hybrid_without_partitions",
                with("", R"("image": {"table": "hybrid-mbr"}, )"),
                "1 to 3 partitions"},
        Refused{"hybrid_type_in_a_gpt", with(R"(, "hybrid-type": "0x0c")"), "needs table"},
        Refused{"esp_with_ext4",
                R"({"partition": [{"type": "esp", "size": "64MiB", "file-system": "ext4"}]})",
                "an ESP needs file-system = \"vfat\""},
        Refused{"mount_without_files", with(R"(, "mount": "/")"), "mount and contents need"},
        Refused{
            "no_root",
            with(R"(, "file-system": "ext4", "mount": "/boot")", R"("system": {"root": "t"}, )"),
            "no partition holds the system"},
        Refused{"one_mount_twice",
                R"({"partition": [
                    {"type": "linux", "size": "64MiB", "file-system": "ext4", "mount": "/"},
                    {"type": "linux", "size": "64MiB", "file-system": "ext4", "mount": "/"}]})",
                "is also that of partition 1"},
        Refused{
            "relative_mount", with(R"(, "file-system": "ext4", "mount": "boot")"), "absolute path"},
        Refused{"climbing_mount",
                with(R"(, "file-system": "ext4", "mount": "/a/../b")"),
                "absolute path"},
        Refused{"subvolume_of_ext4",
                with(R"(, "file-system": "ext4", "subvolumes": [{"name": "@root"}])"),
                "subvolumes need file-system = \"btrfs\""},
        Refused{"long_label",
                with(R"(, "file-system": "ext4", "file-system-label": "seventeen letters")"),
                "at most 16 bytes for ext4"},
        Refused{"small_fat_label",
                with(R"(, "file-system": "vfat", "file-system-label": "boot")"),
                "A to Z"},
        Refused{
            "dce_uuid_for_fat",
            with(
                R"(, "file-system": "vfat", "file-system-uuid": "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3")"),
            "1C31-A17C"},
        Refused{"no_passphrase",
                with(R"(, "file-system": "ext4", "encryption": {"type": "luks2"})"),
                "set passphrase-file, or passphrase"},
        Refused{"argon_luks1",
                with(R"(, "file-system": "ext4", "encryption":
                    {"type": "luks1", "passphrase": "x", "pbkdf": "argon2id"})"),
                "LUKS1 has only pbkdf2"},
        Refused{"boot_code_after_content",
                R"({"partition": [{"type": "linux", "file-system": "ext4"},
                    {"type": "bios-boot", "size": "1MiB"}]})",
                "must come before partition 1"},
        Refused{"one_uuid_twice",
                R"({"partition": [
                    {"type": "linux", "size": "1MiB", "uuid": "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"},
                    {"type": "linux", "size": "1MiB", "uuid": "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"}]})",
                "is also in partition 1"},
        Refused{"a_line_feed_in_a_label", with(R"(, "label": "a\nb")"), "control characters"}),
    [](const auto& test) { return test.param.name; });

// docs/layouts.md describes every key, with the meaning that the schema gives it.
void expect_documented(const std::string& text, const ConfigSchema& schema) {
    for (const ConfigKey& key : schema.keys) {
        EXPECT_THAT(text, HasSubstr("`" + key.name + "`")) << schema.name;
        if (key.type.kind != ConfigType::Kind::table &&
            (key.type.element.empty() || key.type.element[0].table.empty())) {
            EXPECT_THAT(text, HasSubstr(key.meaning));
        }
        for (const ConfigSchema& table : key.type.table) expect_documented(text, table);
        for (const ConfigType& element : key.type.element) {
            for (const ConfigSchema& table : element.table) expect_documented(text, table);
        }
    }
}

TEST(LayoutTest, TheManualHasEveryKey) {
    const auto text = read_text_file(CORDWAINER_SOURCE_DIR "/docs/layouts.md");
    ASSERT_TRUE(text) << text.error().message();
    expect_documented(*text, layout_schema());
}

}  // namespace
}  // namespace cordwainer::image::test
