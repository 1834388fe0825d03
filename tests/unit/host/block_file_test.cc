#include "host/block_file.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

TEST(BlockFile, ReadsAndWritesInPlace) {
    const auto scratch = TemporaryDirectory::make({}, "block-file-test-");
    ASSERT_TRUE(scratch);
    const auto path = scratch->path() / "disk.img";
    std::ofstream(path) << std::string(4096, '.');
    auto opened = BlockFile::open(path);
    ASSERT_TRUE(opened) << opened.error().message();
    BlockFile& disk = **opened;
    EXPECT_EQ(disk.sector_size(), 512U);
    ASSERT_TRUE(disk.write(1000, as_bytes("abc")));
    const auto read = disk.read(999, 5);
    ASSERT_TRUE(read);
    EXPECT_EQ(to_text(*read), ".abc.");
    ASSERT_TRUE(disk.write_boot_sector(as_bytes(std::string(512, 'b'))));
    const auto text = read_text_file(path);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->size(), 4096U);
    EXPECT_EQ(text->substr(510, 3), "bb.");
}

TEST(BlockFile, DoesNotGrow) {
    const auto scratch = TemporaryDirectory::make({}, "block-file-test-");
    ASSERT_TRUE(scratch);
    const auto path = scratch->path() / "disk.img";
    std::ofstream(path) << std::string(1024, '.');
    auto opened = BlockFile::open(path);
    ASSERT_TRUE(opened);
    for (const std::uint64_t offset :
         {std::uint64_t{1023}, std::uint64_t{1025}, ~std::uint64_t{0}}) {
        const auto done = (*opened)->write(offset, as_bytes("ab"));
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, Errc::io);
    }
    EXPECT_FALSE((*opened)->read(1023, 2));
    EXPECT_EQ(std::filesystem::file_size(path), 1024U);
}

TEST(BlockFile, IsAnExistingRegularFile) {
    const auto scratch = TemporaryDirectory::make({}, "block-file-test-");
    ASSERT_TRUE(scratch);
    const auto missing = BlockFile::open(scratch->path() / "missing");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    const auto device = BlockFile::open("/dev/null");
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().code, Errc::refused);
}

}  // namespace
}  // namespace cordwainer
