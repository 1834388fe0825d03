#include "image/partition_table.h"

#include <gmock/gmock.h>

#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class PartitionTableTest : public ImageTest {
  protected:
    // Writes the table of this layout into an image and returns what sfdisk says of it.
    std::string made(const std::string& json) {
        const auto layout = layout_from(json);
        EXPECT_TRUE(layout) << layout.error().message();
        const auto placement = place(*layout, std::vector<std::uint64_t>(4, 0));
        std::ofstream(path("disk.img")).flush();
        std::filesystem::resize_file(path("disk.img"), placement->disk_size);
        const auto written = write_partition_table(*layout, *placement, path("disk.img"));
        EXPECT_TRUE(written) << written.error().message();
        return run("sfdisk", {"--dump", path("disk.img")});
    }
};

TEST_F(PartitionTableTest, Gpt) {
    const std::string dump = made(R"({
        "image": {"uuid": "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"},
        "partition": [
            {"type": "bios-boot", "size": "1MiB", "label": "it's é \\x41 \"$x\"",
             "uuid": "11111111-2222-4333-8444-555555555555"},
            {"type": "linux", "size": "8MiB",
             "flags": ["required", "legacy-boot", "read-only", "no-auto"]}]})");
    EXPECT_THAT(dump, HasSubstr("label-id: 3F9C1A52-7B1E-4D0A-9C55-0E8D7A41B6C3"));
    EXPECT_THAT(dump, HasSubstr("uuid=11111111-2222-4333-8444-555555555555"));
    EXPECT_THAT(dump, HasSubstr("type=21686148-6449-6E6F-744E-656564454649"));
    const std::string info = run("sgdisk", {"-i", "1", path("disk.img")});
    EXPECT_THAT(info, HasSubstr("Partition name: 'it's é \\x41 \"$x\"'"));
    EXPECT_THAT(run("sgdisk", {"-i", "2", path("disk.img")}),
                HasSubstr("Attribute flags: 9000000000000005"));
    EXPECT_THAT(run("sgdisk", {"-v", path("disk.img")}), HasSubstr("No problems found"));
}

TEST_F(PartitionTableTest, Mbr) {
    const std::string dump = made(R"({
        "image": {"table": "mbr", "uuid": "0x1c31a17c"},
        "partition": [{"type": "linux", "size": "8MiB", "flags": ["bootable"]},
                      {"type": "0x0c", "size": "8MiB"}]})");
    EXPECT_THAT(dump, HasSubstr("label: dos"));
    EXPECT_THAT(dump, HasSubstr("label-id: 0x1c31a17c"));
    EXPECT_THAT(dump, ContainsRegex("start= *2048, size= *16384, type=83, bootable"));
    EXPECT_THAT(dump, ContainsRegex("start= *18432, size= *16384, type=c"));
    EXPECT_THAT(run("sfdisk", {"--verify", path("disk.img")}), HasSubstr("No errors detected"));
}

TEST_F(PartitionTableTest, HybridMbr) {
    const std::string dump = made(R"({
        "image": {"table": "hybrid-mbr"},
        "partition": [{"type": "bios-boot", "size": "1MiB"},
                      {"type": "esp", "size": "48MiB", "file-system": "vfat",
                       "hybrid-type": "0x0c", "flags": ["bootable"]},
                      {"type": "linux", "size": "8MiB", "hybrid-type": "0x83"}]})");
    EXPECT_THAT(dump, HasSubstr("label: gpt"));
    EXPECT_THAT(run("sgdisk", {"-v", path("disk.img")}), HasSubstr("No problems found"));
    EXPECT_THAT(run("sgdisk", {"-p", path("disk.img")}), Not(HasSubstr("protective MBR")));
    const std::string mbr = run("sfdisk", {"--dump", "--label-nested", "dos", path("disk.img")});
    EXPECT_THAT(mbr, ContainsRegex("start= *1, size= *4095, type=ee"));
    EXPECT_THAT(mbr, ContainsRegex("start= *4096, size= *98304, type=c, bootable"));
    EXPECT_THAT(mbr, ContainsRegex("start= *102400, size= *16384, type=83"));
}

}  // namespace
}  // namespace cordwainer::image::test
