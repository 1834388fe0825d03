#include "formats/efi_load_option.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>

#include "core/utf8.h"

namespace cordwainer {
namespace {

constexpr const char* kEsp = "c3b1d2a4-5e6f-4a0b-8c9d-0e1f2a3b4c5d";

Bytes from_hex(std::string_view digits) {
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes.push_back(
            static_cast<std::byte>(std::stoul(std::string(digits.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

EfiProgram program() {
    EfiProgram made{.partition = *efi_partition(kEsp), .path = "EFI/cordwainer/grubx64.efi"};
    made.partition.number = 1;
    made.partition.first_lba = 2048;
    made.partition.sectors = 196608;
    return made;
}

// As UEFI 2.10 has it, field by field.
TEST(LoadOption, IsRenderedAsFirmwareReadsIt) {
    const Bytes expected = from_hex(
        "01000000"      // LOAD_OPTION_ACTIVE
        "6a00"          // FilePathListLength: 42 + 60 + 4
        "410042000000"  // "AB"
        "04012a00"      // hard drive
        "01000000"
        "0008000000000000"
        "0000030000000000"
        "a4d2b1c36f5e0b4a8c9d0e1f2a3b4c5d"  // the first three fields little endian
        "0202"
        "04043c00"  // file path
        "5c004500460049005c0063006f007200"
        "64007700610069006e00650072005c00"
        "67007200750062007800360034002e00"
        "6500660069000000"
        "7fff0400");
    EXPECT_EQ(render_load_option("AB", program()), expected);
}

TEST(LoadOption, IsReadBack) {
    const auto option = parse_load_option(render_load_option("Schuhe für Füße 𝕏", program()));
    ASSERT_TRUE(option) << option.error().message();
    EXPECT_TRUE(option->active);
    EXPECT_EQ(option->title, "Schuhe für Füße 𝕏");
    ASSERT_TRUE(option->program);
    EXPECT_EQ(option->program->path, "EFI/cordwainer/grubx64.efi");
    EXPECT_TRUE(option->program->partition.is(program().partition));
    EXPECT_EQ(option->program->partition.first_lba, 2048U);
}

// PciRoot(0)/Pci(1,1)/Ata(0,0,0)/HD(…)/File, as some firmware and installers write.
TEST(LoadOption, WholeDevicePathsAndOptionalDataAreRead) {
    const Bytes made = render_load_option("x", program());
    const std::size_t list = 4 + 2 + 4;
    Bytes whole(made.begin(), made.begin() + list);
    const Bytes more = from_hex(
        "02010c00d041030a00000000"
        "010106000101"
        "03010800000000"
        "00");
    whole.insert(whole.end(), more.begin(), more.end());
    whole.insert(whole.end(), made.begin() + list, made.end());
    ASSERT_TRUE(put_le(whole, 4, 2, *le16_at(made, 4) + more.size()));
    whole.push_back(std::byte{7});
    const auto option = parse_load_option(whole);
    ASSERT_TRUE(option) << option.error().message();
    ASSERT_TRUE(option->program);
    EXPECT_EQ(option->program->path, "EFI/cordwainer/grubx64.efi");
}

TEST(LoadOption, OneWithoutAProgramIsAnEntryToo) {
    // A whole disk: PciRoot(0)/Pci(1,1).
    const auto option =
        parse_load_option(from_hex("00000000"
                                   "1600"
                                   "58000000"
                                   "02010c00d041030a00000000"
                                   "010106000101"
                                   "7fff0400"));
    ASSERT_TRUE(option) << option.error().message();
    EXPECT_FALSE(option->active);
    EXPECT_EQ(option->title, "X");
    EXPECT_FALSE(option->program);
}

// LOAD_OPTION_CATEGORY_APP, hidden, active: as firmware has its own setup in the list.
TEST(LoadOption, AnApplicationIsNotTried) {
    Bytes setup = render_load_option("x", program());
    ASSERT_TRUE(put_le(setup, 0, 4, 0x109));
    EXPECT_FALSE(parse_load_option(setup)->active);
    ASSERT_TRUE(put_le(setup, 0, 4, 0x009));
    EXPECT_TRUE(parse_load_option(setup)->active);
}

TEST(LoadOption, EveryCutIsAnError) {
    const Bytes whole = render_load_option("title", program());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(parse_load_option(ByteView(whole).first(size))) << size;
    }
}

RC_GTEST_PROP(LoadOption, AnyBytesAreReadOrRefused, (const std::vector<std::uint8_t>& content)) {
    Bytes bytes(content.size());
    std::ranges::transform(
        content, bytes.begin(), [](std::uint8_t byte) { return static_cast<std::byte>(byte); });
    const auto option = parse_load_option(bytes);
    if (option) RC_ASSERT(is_utf8(option->title));
}

TEST(EfiPartition, IsKnownByItsIdentifier) {
    const EfiPartition gpt = *efi_partition(kEsp);
    EfiPartition moved = gpt;
    moved.number = 7;
    EXPECT_TRUE(gpt.is(moved));
    const EfiPartition of_mbr = *efi_partition("1b2c3d4e-01");
    EXPECT_EQ(of_mbr.table, EfiPartition::Table::mbr);
    EXPECT_EQ(of_mbr.signature[0], std::byte{0x4e});
    EfiPartition another = of_mbr;
    another.number = 2;
    EXPECT_FALSE(of_mbr.is(another));
    EXPECT_FALSE(of_mbr.is(gpt));
    for (const char* none : {"", "1C31-A17C", "1b2c3d4e-0", "xb2c3d4e-01", "sda1"}) {
        EXPECT_FALSE(efi_partition(none)) << none;
    }
}

TEST(EfiPath, HasNoCase) {
    EXPECT_TRUE(same_efi_path("EFI/BOOT/bootx64.efi", "efi/boot/BOOTX64.EFI"));
    EXPECT_FALSE(same_efi_path("EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/BOOTX64.EF"));
}

TEST(Utf16, UnpairedSurrogatesAreReplaced) {
    EXPECT_EQ(from_utf16(from_hex("41003dd8420000004300")),
              "A\xef\xbf\xbd"
              "B");
    EXPECT_EQ(from_utf16(from_hex("00dc")), "\xef\xbf\xbd");
}

}  // namespace
}  // namespace cordwainer
