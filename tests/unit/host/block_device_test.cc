// BlockDevice on real loop devices, with sectors of both sizes that disks have.
#include "host/block_device.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <unistd.h>

#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::size_t kSize = 1U << 20U;

class BlockDeviceTest : public ::testing::TestWithParam<std::uint32_t> {
  protected:
    void SetUp() override {
        auto made = TemporaryDirectory::make({}, "block-device-test-");
        ASSERT_TRUE(made);
        scratch_ = std::make_unique<TemporaryDirectory>(std::move(*made));
        image_ = scratch_->path() / "disk.img";
        before_.resize(kSize);
        for (std::size_t i = 0; i < kSize; ++i) before_[i] = static_cast<std::byte>(i * 7 % 251);
        ASSERT_TRUE(write_durably(image_, before_));
        if (::geteuid() != 0) GTEST_SKIP() << "loop devices need root";
        const auto attached = spawn({.arguments = {"losetup",
                                                   "--find",
                                                   "--show",
                                                   "--sector-size",
                                                   std::to_string(GetParam()),
                                                   image_.string()}});
        if (!attached) GTEST_SKIP() << attached.error().message();
        node_ = attached->output;
        while (node_.ends_with('\n')) node_.pop_back();
        auto opened = BlockDevice::open(node_);
        ASSERT_TRUE(opened) << opened.error().message();
        disk_ = std::move(*opened);
    }

    void TearDown() override {
        disk_.reset();
        if (node_.empty()) return;
        EXPECT_TRUE(spawn({.arguments = {"losetup", "--detach", node_}}));
    }

    // What is in the image, with these bytes at `offset` in place of the first ones.
    void expect_written(std::uint64_t offset, ByteView bytes) {
        Bytes expected = before_;
        std::ranges::copy(bytes, expected.begin() + static_cast<std::ptrdiff_t>(offset));
        const auto there = read_file(image_);
        ASSERT_TRUE(there);
        EXPECT_TRUE(*there == expected);
    }

    std::unique_ptr<TemporaryDirectory> scratch_;
    fs::path image_;
    Bytes before_;
    std::string node_;
    std::unique_ptr<BlockDevice> disk_;
};

TEST_P(BlockDeviceTest, ReadsAnyBytes) {
    EXPECT_EQ(disk_->sector_size(), GetParam());
    for (const auto& [offset, count] : {std::pair<std::uint64_t, std::size_t>{0, 512},
                                        {4096, 8192},
                                        {1, 1},
                                        {4095, 2},
                                        {700, 100'000},
                                        {kSize - 1, 1},
                                        {kSize, 0}}) {
        const auto bytes = disk_->read(offset, count);
        ASSERT_TRUE(bytes) << bytes.error().message();
        const auto expected = slice(before_, offset, count);
        EXPECT_TRUE(std::ranges::equal(*bytes, *expected)) << offset;
    }
}

TEST_P(BlockDeviceTest, WritesWholeSectorsAndKeepsTheRestOfOthers) {
    for (const auto& [offset, count] :
         {std::pair<std::uint64_t, std::size_t>{4096, 8192}, {700, 100'000}, {kSize - 10, 10}}) {
        const Bytes bytes(count, std::byte{'w'});
        const auto written = disk_->write(offset, bytes);
        ASSERT_TRUE(written) << written.error().message();
        expect_written(offset, bytes);
        ASSERT_TRUE(disk_->write(0, before_));
    }
}

TEST_P(BlockDeviceTest, WritesTheBootSectorAlone) {
    const Bytes sector(512, std::byte{'b'});
    ASSERT_TRUE(disk_->write_boot_sector(sector));
    expect_written(0, sector);
    EXPECT_FALSE(disk_->write_boot_sector(Bytes(4096)));
}

TEST_P(BlockDeviceTest, HasAnEnd) {
    EXPECT_FALSE(disk_->read(kSize - 1, 2));
    EXPECT_FALSE(disk_->read(kSize + 4096, 0));
    const auto written = disk_->write(kSize - 1, Bytes(2));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::io);
    expect_written(0, {});
}

INSTANTIATE_TEST_SUITE_P(Sectors, BlockDeviceTest, ::testing::Values(512U, 4096U));

TEST(BlockDevice, IsABlockDevice) {
    auto made = TemporaryDirectory::make({}, "block-device-test-");
    ASSERT_TRUE(made);
    const fs::path file = made->path() / "file";
    ASSERT_TRUE(write_durably(file, Bytes(4096)));
    for (const fs::path& path : {file, fs::path("/dev/null")}) {
        const auto opened = BlockDevice::open(path);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, Errc::refused);
        EXPECT_THAT(opened.error().message(), HasSubstr("is not a block device"));
    }
    EXPECT_EQ(BlockDevice::open(made->path() / "none").error().code, Errc::not_found);
}

}  // namespace
}  // namespace cordwainer
