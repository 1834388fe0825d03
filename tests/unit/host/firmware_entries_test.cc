#include "host/firmware_entries.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "sys/file_io.h"
#include "tests/support/rel.h"

namespace cordwainer {
namespace {

using test::rel;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kOurs = "c3b1d2a4-5e6f-4a0b-8c9d-0e1f2a3b4c5d";
constexpr const char* kMirror = "c3b1d2a4-5e6f-4a0b-8c9d-0e1f2a3b4c5e";
constexpr const char* kForeign = "0b1f8d50-1111-4222-8333-444455556666";

FirmwareEntry entry(const std::string& target = "esp",
                    const std::string& path = "EFI/cordwainer/grubx64.efi") {
    return {.target = {target}, .path = rel(path), .title = "cordwainer"};
}

// Variables in a plain directory.
class FirmwareEntriesTest : public testing::Test {
  protected:
    FirmwareEntriesTest() {
        // A list as it is after another system was installed: Windows first, then the firmware's
        // own entry, whose form says nothing of a program.
        put("Boot0000", render_load_option("Windows", at(kForeign, "EFI/Microsoft/bootmgfw.efi")));
        put("Boot0003", Bytes(3, std::byte{1}));
        order({0, 3, 7});
    }

    static EfiProgram at(const char* uuid, const std::string& path) {
        return {.partition = *efi_partition(uuid), .path = path};
    }

    void put(const std::string& name, const Bytes& value) const {
        ASSERT_TRUE(write_durably(dir() / (name + "-" + kEfiGlobal), with_attributes(value)));
    }

    static Bytes with_attributes(const Bytes& value) {
        Bytes bytes = {std::byte{7}, std::byte{0}, std::byte{0}, std::byte{0}};
        bytes.insert(bytes.end(), value.begin(), value.end());
        return bytes;
    }

    void order(const std::vector<std::uint16_t>& numbers) const {
        Bytes value(2 * numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            ASSERT_TRUE(put_le(value, 2 * i, 2, numbers[i]));
        }
        put("BootOrder", value);
    }

    [[nodiscard]] std::vector<std::uint16_t> order() const { return *read_boot_order(variables()); }

    [[nodiscard]] bool has(const std::string& name) const {
        return std::filesystem::exists(dir() / (name + "-" + kEfiGlobal));
    }

    [[nodiscard]] FirmwareVariables variables() const { return FirmwareVariables(dir()); }

    [[nodiscard]] LiveFirmwareEntries entries(const std::string& directory = {}) const {
        return LiveFirmwareEntries(
            variables(), [directory](const TargetId& id) -> Result<LiveFirmwareEntries::Place> {
                return LiveFirmwareEntries::Place{
                    .partition = *efi_partition(id.text == "esp" ? kOurs : kMirror),
                    .directory = directory};
            });
    }

    // Every variable's bytes and time of change.
    [[nodiscard]] std::map<std::string, std::pair<Bytes, std::filesystem::file_time_type>> all()
        const {
        std::map<std::string, std::pair<Bytes, std::filesystem::file_time_type>> found;
        for (const auto& file : std::filesystem::directory_iterator(dir())) {
            found[file.path().filename()] = {*read_file(file.path()), file.last_write_time()};
        }
        return found;
    }

    [[nodiscard]] std::filesystem::path dir() const { return directory_.path(); }

  private:
    TemporaryDirectory directory_ = *TemporaryDirectory::make({}, "efivars-");
};

TEST_F(FirmwareEntriesTest, ANewOneIsFirstAndOthersStay) {
    const auto before = all();
    ASSERT_TRUE(*entries().ensure(entry()));
    EXPECT_THAT(order(), ElementsAre(1, 0, 3, 7));
    const auto made = parse_load_option(*variables().read("Boot0001", kEfiGlobal).value());
    ASSERT_TRUE(made);
    EXPECT_EQ(made->title, "cordwainer");
    EXPECT_EQ(made->program->path, "EFI/cordwainer/grubx64.efi");
    auto after = all();
    for (const char* name : {"Boot0000", "Boot0003"}) {
        const std::string file = std::string(name) + "-" + kEfiGlobal;
        EXPECT_EQ(before.at(file), after.at(file)) << name;
    }
}

TEST_F(FirmwareEntriesTest, TheSecondRunWritesNothing) {
    ASSERT_TRUE(*entries().ensure(entry()));
    const auto before = all();
    const auto again = entries().ensure(entry());
    ASSERT_TRUE(again);
    EXPECT_FALSE(*again);
    EXPECT_EQ(before, all());
}

TEST_F(FirmwareEntriesTest, OneOfAnotherTitleAndPlaceInTheOrderIsKept) {
    put("Boot0007", render_load_option("My shoes", at(kOurs, "efi/CORDWAINER/GRUBX64.EFI")));
    const auto before = all();
    EXPECT_FALSE(*entries().ensure(entry()));
    EXPECT_EQ(before, all());
}

TEST_F(FirmwareEntriesTest, WhetherThereIsOneIsAskedWithoutWriting) {
    const auto before = all();
    EXPECT_FALSE(*entries().has(entry()));
    EXPECT_EQ(all(), before);
    ASSERT_TRUE(*entries().ensure(entry()));
    EXPECT_TRUE(*entries().has(entry()));
    EXPECT_FALSE(*entries().has(entry("esp.2")));
    // One that the firmware does not try is none.
    order({0, 3});
    EXPECT_FALSE(*entries().has(entry()));
}

TEST_F(FirmwareEntriesTest, AnotherPartitionOrPathIsAnotherEntry) {
    put("Boot0007", render_load_option("cordwainer", at(kForeign, "EFI/cordwainer/grubx64.efi")));
    put("Boot0008", render_load_option("cordwainer", at(kOurs, "EFI/debian/grubx64.efi")));
    EXPECT_TRUE(*entries().ensure(entry()));
    EXPECT_THAT(order(), ElementsAre(1, 0, 3, 7));
}

// As a cut between the two writes leaves it.
TEST_F(FirmwareEntriesTest, OneThatIsInNoOrderIsPutThere) {
    put("Boot0005", render_load_option("cordwainer", at(kOurs, "EFI/cordwainer/grubx64.efi")));
    EXPECT_TRUE(*entries().ensure(entry()));
    EXPECT_THAT(order(), ElementsAre(5, 0, 3, 7));
    EXPECT_FALSE(has("Boot0001"));
}

TEST_F(FirmwareEntriesTest, MirrorsFollowEachOther) {
    LiveFirmwareEntries both = entries();
    EXPECT_TRUE(*both.ensure(entry()));
    EXPECT_TRUE(*both.ensure(entry("esp.2")));
    EXPECT_THAT(order(), ElementsAre(1, 2, 0, 3, 7));
}

TEST_F(FirmwareEntriesTest, ADirectoryInsideTheFileSystemIsInThePath) {
    EXPECT_TRUE(*entries("sub").ensure(entry()));
    const auto made = parse_load_option(*variables().read("Boot0001", kEfiGlobal).value());
    EXPECT_EQ(made->program->path, "sub/EFI/cordwainer/grubx64.efi");
}

TEST_F(FirmwareEntriesTest, OneForAFileThatGoesIsForgotten) {
    ASSERT_TRUE(*entries().ensure(entry()));
    LiveFirmwareEntries later = entries();
    ASSERT_TRUE(*later.ensure(entry("esp", "EFI/cordwainer/systemd-bootx64.efi")));
    EXPECT_THAT(order(), ElementsAre(2, 1, 0, 3, 7));
    put("BootNext", {std::byte{1}, std::byte{0}});
    EXPECT_TRUE(*later.forget({"esp"}, rel("EFI/cordwainer/grubx64.efi")));
    EXPECT_THAT(order(), ElementsAre(2, 0, 3, 7));
    EXPECT_FALSE(has("Boot0001"));
    EXPECT_FALSE(has("BootNext"));
    EXPECT_FALSE(*later.forget({"esp"}, rel("EFI/cordwainer/grubx64.efi")));
}

TEST_F(FirmwareEntriesTest, BootNextToAnotherEntryStays) {
    ASSERT_TRUE(*entries().ensure(entry()));
    put("BootNext", {std::byte{0}, std::byte{0}});
    EXPECT_TRUE(*entries().forget({"esp"}, rel("EFI/cordwainer/grubx64.efi")));
    EXPECT_TRUE(has("BootNext"));
}

TEST_F(FirmwareEntriesTest, AnEntryThatIsInNoOrderForWantOfRoomIsNotLeft) {
    // A directory in its place: whoever runs the test, it cannot be written.
    std::filesystem::remove(dir() / (std::string("BootOrder-") + kEfiGlobal));
    std::filesystem::create_directory(dir() / (std::string("BootOrder-") + kEfiGlobal));
    EXPECT_FALSE(entries().ensure(entry()));
    EXPECT_FALSE(has("Boot0001"));
}

TEST(FirmwareVariables, AreMissedWithAnAdvice) {
    const auto empty = *TemporaryDirectory::make({}, "efivars-");
    LiveFirmwareEntries entries(FirmwareVariables(empty.path()),
                                [](const TargetId&) -> Result<LiveFirmwareEntries::Place> {
                                    ADD_FAILURE() << "nothing to ask for";
                                    return Error(Errc::io, "");
                                });
    const auto made = entries.ensure(entry());
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message(), HasSubstr("mount -t efivarfs"));
    EXPECT_FALSE(*entries.forget({"esp"}, rel("EFI/cordwainer/grubx64.efi")));
}

}  // namespace
}  // namespace cordwainer
