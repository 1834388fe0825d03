#include "cli/boot_ways.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bytes.h"
#include "image/size_text.h"
#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using image::kMiB;

class FindBootWays : public testing::Test {
  protected:
    void SetUp() override {
        auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
        ASSERT_TRUE(directory);
        directory_.emplace(std::move(*directory));
    }

    std::string place(const std::string& name) { return directory_->path() / name; }

    void run(const std::vector<std::string>& arguments, const std::string& input = "") {
        const auto done = spawn({.arguments = arguments, .input = input});
        ASSERT_TRUE(done) << done.error().message();
    }

    void write(const std::string& name, const Bytes& bytes) {
        ASSERT_TRUE(write_durably(place(name), bytes));
    }

    // An image of 8 MiB with the table that sfdisk makes of `script`.
    void make_disk(const std::string& script) {
        write("disk", Bytes(8 * kMiB));
        run({"sfdisk", "--quiet", place("disk")}, script);
    }

    // Puts a FAT file system with these empty files in EFI/BOOT at 1 MiB.
    void add_esp(const std::vector<std::string>& names) {
        run({"mkfs.fat", "-F", "12", "--offset", "2048", place("disk"), "2048"});
        const std::string esp = place("disk") + "@@1M";
        run({"mmd", "-i", esp, "::/EFI", "::/EFI/BOOT"});
        for (const std::string& name : names) {
            write("program", {});
            run({"mcopy", "-i", esp, place("program"), "::/EFI/BOOT/" + name});
        }
    }

    void add_boot_code() {
        Bytes disk = *read_file(place("disk"));
        ASSERT_TRUE(put_le(disk, 0, 2, 0xfeeb));
        write("disk", disk);
    }

    std::optional<TemporaryDirectory> directory_;
};

constexpr const char* kGpt =
    "label: gpt\nstart=2048,size=4096,type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n";
constexpr const char* kMbr = "label: dos\nstart=2048,size=4096,type=ef\n";

TEST_F(FindBootWays, SeesEfiProgramsInAGpt) {
    make_disk(kGpt);
    add_esp({"BOOTX64.EFI", "bootaa64.efi", "other.efi", "grub.cfg"});
    const auto ways = find_boot_ways(place("disk"));
    ASSERT_TRUE(ways) << ways.error().message();
    EXPECT_FALSE(ways->boot_code) << "a protective MBR has no code";
    EXPECT_FALSE(ways->qcow2);
    EXPECT_THAT(ways->efi_programs, testing::UnorderedElementsAre("BOOTX64.EFI", "BOOTAA64.EFI"));
}

TEST_F(FindBootWays, SeesEfiProgramsInAnMbr) {
    make_disk(kMbr);
    add_esp({"BOOTX64.EFI"});
    const auto ways = find_boot_ways(place("disk"));
    ASSERT_TRUE(ways) << ways.error().message();
    EXPECT_THAT(ways->efi_programs, ElementsAre("BOOTX64.EFI"));
}

TEST_F(FindBootWays, SeesBootCode) {
    make_disk(kMbr);
    add_boot_code();
    const auto ways = find_boot_ways(place("disk"));
    ASSERT_TRUE(ways) << ways.error().message();
    EXPECT_TRUE(ways->boot_code);
    EXPECT_THAT(ways->efi_programs, IsEmpty()) << "the partition has no file system";
}

TEST_F(FindBootWays, LooksIntoQcow2) {
    make_disk(kGpt);
    add_esp({"BOOTX64.EFI"});
    add_boot_code();
    run({"qemu-img", "convert", "-O", "qcow2", place("disk"), place("disk.qcow2")});
    const auto ways = find_boot_ways(place("disk.qcow2"));
    ASSERT_TRUE(ways) << ways.error().message();
    EXPECT_EQ(*ways, (BootWays{.qcow2 = true, .boot_code = true, .efi_programs = {"BOOTX64.EFI"}}));
}

TEST_F(FindBootWays, SeesNothingInOtherFiles) {
    write("empty", {});
    write("text", Bytes(5000, std::byte{'x'}));
    Bytes hostile(20000, std::byte{0xff});  // a GPT whose every number is as large as it can be
    std::ranges::copy(as_bytes("EFI PART"), hostile.begin() + 512);
    write("hostile", hostile);
    ASSERT_TRUE(put_le(hostile, 512 + 72, 8, 2));    // entries at LBA 2
    ASSERT_TRUE(put_le(hostile, 512 + 84, 4, 128));  // of the usual size
    write("entries", hostile);
    for (const char* name : {"empty", "text", "hostile", "entries"}) {
        const auto ways = find_boot_ways(place(name));
        ASSERT_TRUE(ways) << name << ways.error().message();
        EXPECT_EQ(*ways, BootWays{}) << name;
    }
}

TEST_F(FindBootWays, RefusesWhatIsNoFile) {
    const auto missing = find_boot_ways(place("none"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    const auto directory = find_boot_ways(directory_->path());
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().code, Errc::invalid_input);
}

}  // namespace
}  // namespace cordwainer::cli
