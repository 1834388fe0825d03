#include "formats/linux_image.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace cordwainer {
namespace {

// An image, and what was read of it.
struct Image {
    std::string content;
    std::vector<std::pair<std::uint64_t, std::size_t>> reads;

    Result<std::optional<std::string>> version() {
        return kernel_version([this](std::uint64_t offset, std::size_t size) -> Result<Bytes> {
            reads.emplace_back(offset, size);
            const auto start = std::min<std::size_t>(offset, content.size());
            const ByteView part = as_bytes(std::string_view(content).substr(start, size));
            return Bytes(part.begin(), part.end());
        });
    }
};

std::string bzimage(const std::string& version,
                    unsigned char protocol = 2,
                    std::size_t place = 0x3000) {
    std::string content(0x8000, '\x90');
    content.replace(0x1fe, 2, "\x55\xaa");
    content.replace(0x202, 4, "HdrS");
    content.replace(0x206, 2, {'\x0f', static_cast<char>(protocol)});
    const std::size_t pointer = place - 0x200;
    content.replace(0x20e, 2, {static_cast<char>(pointer & 0xff), static_cast<char>(pointer >> 8)});
    content.replace(place, version.size(), version);
    return content;
}

std::string uncompressed(const std::string& magic,
                         std::size_t banner_at,
                         const std::string& banner) {
    std::string content(banner_at + banner.size() + 100, '\0');
    content.replace(56, 4, magic);
    content.replace(banner_at, banner.size(), banner);
    return content;
}

std::string version_of(const std::string& content) {
    const auto version = Image{content, {}}.version();
    EXPECT_TRUE(version);
    return *version ? **version : "none";
}

TEST(LinuxImage, HasItsVersionWhereTheSetupHeaderPoints) {
    Image image{bzimage(std::string("6.1.0-18-amd64 (builder@host) #1 SMP\0", 37)), {}};
    EXPECT_EQ(**image.version(), "6.1.0-18-amd64");
    std::size_t total = 0;
    for (const auto& [offset, size] : image.reads) total += size;
    EXPECT_LT(total, 1024U);
}

TEST(LinuxImage, VersionIsOneWord) {
    EXPECT_EQ(version_of(bzimage(std::string("6.12.1-gnu\0", 11))), "6.12.1-gnu");
    EXPECT_EQ(version_of(bzimage(std::string(128, '6') + " x")), std::string(128, '6'));
    EXPECT_EQ(version_of(bzimage(std::string(129, '6') + " x")), "none");
    EXPECT_EQ(version_of(bzimage(" 6.1")), "none");
    EXPECT_EQ(version_of(bzimage("6.1\x80 ")), "none");
    EXPECT_EQ(version_of(bzimage(std::string("\0", 1))), "none");
}

TEST(LinuxImage, WithoutASetupHeaderHasNone) {
    EXPECT_EQ(version_of(bzimage("6.1 ", 1)), "none");  // protocol 1.x has no such field
    std::string content = bzimage("6.1 ");
    EXPECT_EQ(version_of(content), "6.1");
    for (const std::size_t at : {0x1feU, 0x202U, 0x205U}) {
        std::string broken = content;
        broken[at] = 'x';
        EXPECT_EQ(version_of(broken), "none") << at;
    }
    content.replace(0x20e, 2, std::string(2, '\0'));
    EXPECT_EQ(version_of(content), "none");
}

TEST(LinuxImage, CutOffAnywhereIsNoError) {
    const std::string content = bzimage(std::string("6.1.0 \0", 7));
    for (const std::size_t size :
         {0U, 1U, 0x1feU, 0x1ffU, 0x205U, 0x20eU, 0x20fU, 0x210U, 0x2fffU, 0x3000U, 0x3005U}) {
        EXPECT_EQ(version_of(content.substr(0, size)), "none") << size;
    }
    EXPECT_EQ(version_of(content.substr(0, 0x3006)), "6.1.0");
}

TEST(LinuxImage, UncompressedHasItsVersionInTheBanner) {
    const std::string banner = "Linux version 6.1.0-18-arm64 (b@h) (gcc 12) #1 SMP\n";
    EXPECT_EQ(version_of(uncompressed("ARM\x64", 5000, banner)), "6.1.0-18-arm64");
    EXPECT_EQ(version_of(uncompressed("RSC\x05", 5000, banner)), "6.1.0-18-arm64");
    EXPECT_EQ(version_of(uncompressed("XXXX", 5000, banner)), "none");
    EXPECT_EQ(version_of(uncompressed("ARM\x64", 5000, "Linux version %s (%s)\n")), "none");
    EXPECT_EQ(version_of(uncompressed("ARM\x64", 5000, "Linux version %s. " + banner)),
              "6.1.0-18-arm64");
}

TEST(LinuxImage, FindsABannerAcrossPieces) {
    const std::string banner = "Linux version 6.1.0-18-arm64 (b@h)";
    constexpr std::size_t kPiece = 1U << 20U;
    for (std::size_t before = 0; before <= banner.size(); ++before) {
        ASSERT_EQ(version_of(uncompressed("ARM\x64", 2 * kPiece - before, banner)),
                  "6.1.0-18-arm64")
            << before;
    }
}

TEST(LinuxImage, StopsLookingForABanner) {
    Image image{uncompressed("ARM\x64", 70U << 20U, "Linux version 6.1 (b@h)"), {}};
    EXPECT_EQ(*image.version(), std::nullopt);
    EXPECT_LE(image.reads.back().first + image.reads.back().second, 64U << 20U);
}

TEST(LinuxImage, PassesOnWhatReadingFailsWith) {
    const auto version = kernel_version(
        [](std::uint64_t, std::size_t) -> Result<Bytes> { return Error(Errc::io, "no"); });
    ASSERT_FALSE(version);
    EXPECT_EQ(version.error().message(), "no");
}

}  // namespace
}  // namespace cordwainer
