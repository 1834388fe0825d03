#include "host/loader_default.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "formats/efi_load_option.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

TEST(LoaderDefault, IsClearedAndTold) {
    const auto directory = *TemporaryDirectory::make({}, "efivars-");
    const FirmwareVariables variables(directory.path());
    EXPECT_EQ(*clear_loader_default(variables), std::nullopt);
    // Its vendor's other variables stay.
    const auto other = directory.path() / ("LoaderInfo-" + std::string(kLoaderVendor));
    ASSERT_TRUE(write_durably(other, Bytes(6)));
    ASSERT_TRUE(variables.write("LoaderEntryDefault", kLoaderVendor, to_utf16("windows.conf")));
    EXPECT_EQ(*clear_loader_default(variables), "windows.conf");
    EXPECT_EQ(*clear_loader_default(variables), std::nullopt);
    EXPECT_TRUE(std::filesystem::exists(other));
}

TEST(LoaderDefault, OddLettersAreKept) {
    const auto directory = *TemporaryDirectory::make({}, "efivars-");
    const FirmwareVariables variables(directory.path());
    const auto other = directory.path() / ("LoaderInfo-" + std::string(kLoaderVendor));
    ASSERT_TRUE(write_durably(other, Bytes(6)));
    ASSERT_TRUE(variables.write("LoaderEntryOneShot", kLoaderVendor, to_utf16("füße-𝕏.conf")));
    EXPECT_EQ(*variables.read_text("LoaderEntryOneShot", kLoaderVendor), "füße-𝕏.conf");
    ASSERT_TRUE(variables.write("LoaderEntryOneShot", kLoaderVendor, Bytes(2)));
    EXPECT_EQ(*variables.read_text("LoaderEntryOneShot", kLoaderVendor), std::nullopt);
    EXPECT_EQ(*variables.read_text("LoaderEntryDefault", kLoaderVendor), std::nullopt);
}

}  // namespace
}  // namespace cordwainer
