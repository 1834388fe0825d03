#include "image/build.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <unistd.h>

#include "image/placement.h"
#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kBoth = R"({
    "image": {"size": "256MiB"},
    "system": {"root": "root", "owner": "root"},
    "partition": [
        {"type": "bios-boot", "label": "boot code", "size": "1MiB"},
        {"type": "esp", "label": "EFI", "size": "40MiB", "file-system": "vfat",
         "file-system-label": "ESP", "mount": "/boot/efi"},
        {"type": "swap", "size": "8MiB", "file-system": "swap", "file-system-label": "swap"},
        {"type": "linux", "label": "root", "size": "rest", "file-system": "ext4",
         "file-system-label": "system", "mount": "/"}]})";

class BuildTest : public ImageTest {
  protected:
    void SetUp() override {
        write("root/etc/hostname", "box\n");
        write("root/boot/grub/grub.cfg", "menu\n");
        write("root/boot/efi/EFI/old/loader.efi", "loader\n");
        write("root/usr/bin/su do \"it\"", "#!/bin/sh\n", 04755);
        std::filesystem::create_symlink("../etc/hostname", path("root/usr/hostname"));
        std::filesystem::create_hard_link(path("root/etc/hostname"), path("root/usr/bin/name"));
    }

    // Partition `number` of an image of kBoth.
    std::filesystem::path part(const std::filesystem::path& image, std::size_t number) {
        const auto layout = layout_from(kBoth, directory_.path());
        const auto placement = place(*layout, std::vector<std::uint64_t>(4, 0));
        const SectorRange range = placement->partitions[number - 1];
        return extract(image, range.first_lba, range.count);
    }
};

TEST_F(BuildTest, AnEmptyNameIsRefused) {
    const auto layout = layout_from(kBoth, directory_.path());
    const auto report = build(*layout, "");
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message(), HasSubstr("\"\""));
}

TEST_F(BuildTest, RefereesAcceptEveryPart) {
    const auto layout = layout_from(kBoth, directory_.path(), 1700000000);
    ASSERT_TRUE(layout) << layout.error().message();
    const auto report = build(*layout, path("disk.img"));
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->size, 256 * kMiB);
    EXPECT_THAT(report->warnings, testing::IsEmpty());

    EXPECT_THAT(run("sgdisk", {"-v", path("disk.img")}), HasSubstr("No problems found"));
    EXPECT_THAT(run("sfdisk", {"--verify", path("disk.img")}), HasSubstr("No errors detected"));
    run("fsck.fat", {"-n", part(path("disk.img"), 2)});
    run("e2fsck", {"-fn", part(path("disk.img"), 4)});
    const std::string probed = run("blkid", {"-p", "-o", "export", part(path("disk.img"), 3)});
    EXPECT_THAT(probed, HasSubstr("UUID=" + layout->partitions[2].file_system_uuid->text()));
    EXPECT_THAT(probed, HasSubstr("LABEL=swap"));
    EXPECT_THAT(probed, HasSubstr("TYPE=swap"));
}

TEST_F(BuildTest, IdentifiersAreThoseOfTheLayout) {
    const auto layout = layout_from(kBoth, directory_.path());
    ASSERT_TRUE(build(*layout, path("disk.img")));
    const std::string table = run("sfdisk", {"--dump", path("disk.img")});
    std::string upper = layout->partitions[3].uuid->text();
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    EXPECT_THAT(table, HasSubstr("uuid=" + upper));
    EXPECT_THAT(table, HasSubstr("name=\"boot code\""));
    for (const std::size_t number : {2, 4}) {
        const std::string probed =
            run("blkid", {"-p", "-o", "export", part(path("disk.img"), number)});
        const Partition& partition = layout->partitions[number - 1];
        EXPECT_THAT(probed, HasSubstr("UUID=" + partition.file_system_uuid->text()));
        EXPECT_THAT(probed, HasSubstr("LABEL=" + *partition.file_system_label));
    }
}

TEST_F(BuildTest, TwoBuildsOfACopiedTreeAreIdentical) {
    write("elsewhere/keep", "");
    run("cp", {"-r", "--preserve=mode,timestamps,links", path("root"), path("elsewhere/root")});
    const auto first = layout_from(kBoth, directory_.path(), 1700000000);
    const auto second = layout_from(kBoth, path("elsewhere"), 1700000000);
    ASSERT_TRUE(build(*first, path("first.img")));
    ::sleep(2);  // FAT counts in steps of two seconds
    const mode_t before = ::umask(077);
    ASSERT_TRUE(build(*second, path("second.img")));
    ::umask(before);
    EXPECT_EQ(digest(path("first.img")), digest(path("second.img")));
}

TEST_F(BuildTest, KeepsModesLinksAndNames) {
    const auto layout = layout_from(kBoth, directory_.path());
    ASSERT_TRUE(build(*layout, path("disk.img")));
    const std::filesystem::path root = part(path("disk.img"), 4);
    EXPECT_THAT(debugfs(root, "stat \"/usr/bin/su do \"\"it\"\"\""), HasSubstr("Mode:  04755"));
    const std::string name = debugfs(root, "stat /etc/hostname");
    EXPECT_THAT(name, HasSubstr("Links: 2"));
    EXPECT_EQ(name, debugfs(root, "stat /usr/bin/name"));
    EXPECT_THAT(debugfs(root, "stat /usr/hostname"),
                HasSubstr("Fast link dest: \"../etc/hostname\""));
    EXPECT_THAT(debugfs(root, "cat /etc/hostname"), HasSubstr("box\n"));
    // What is mounted elsewhere is there and not here.
    EXPECT_THAT(debugfs(root, "ls -p /boot/efi"), Not(HasSubstr("EFI")));
    EXPECT_THAT(run("mdir", {"-b", "-/", "-i", part(path("disk.img"), 2), "::"}),
                HasSubstr("EFI/old/loader.efi"));
}

TEST_F(BuildTest, InstallersWriteIntoTreesThenIntoTheDisk) {
    write("root/boot/grub/cordwainer/inventory.1", "old");
    const auto layout = layout_from(kBoth, directory_.path());
    ImageSteps steps;
    steps.replaced = {"/boot/grub/cordwainer"};
    steps.files = [](const std::filesystem::path& staging) -> Result<void> {
        std::filesystem::create_directories(staging / "boot/grub/cordwainer");
        std::filesystem::create_directories(staging / "boot/efi/EFI/new");
        std::ofstream(staging / "boot/grub/cordwainer/inventory.0") << "new";
        std::ofstream(staging / "boot/grub/grub.cfg") << "new menu\n";
        std::ofstream(staging / "boot/efi/EFI/new/loader.efi") << "new loader";
        return {};
    };
    steps.disk = [](const std::filesystem::path& image) -> Result<void> {
        std::fstream file(image, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(kMiB));
        file << "boot code";
        return {};
    };
    const auto report = build(*layout, path("disk.img"), steps);
    ASSERT_TRUE(report) << report.error().message();
    const std::filesystem::path root = part(path("disk.img"), 4);
    EXPECT_THAT(debugfs(root, "cat /boot/grub/grub.cfg"), HasSubstr("new menu"));
    EXPECT_THAT(debugfs(root, "ls -p /boot/grub/cordwainer"), HasSubstr("/inventory.0/"));
    EXPECT_THAT(debugfs(root, "ls -p /boot/grub/cordwainer"), Not(HasSubstr("/inventory.1/")));
    const std::string esp = run("mdir", {"-b", "-/", "-i", part(path("disk.img"), 2), "::"});
    EXPECT_THAT(esp, HasSubstr("EFI/new/loader.efi"));
    EXPECT_THAT(esp, HasSubstr("EFI/old/loader.efi"));
    const auto code = read_file(part(path("disk.img"), 1));
    EXPECT_EQ(to_text(*slice(*code, 0, 9)), "boot code");
}

TEST_F(BuildTest, SizesFollowTheContent) {
    write("root/usr/large", std::string(30 * kMiB, 'x'));
    const auto layout = layout_from(R"({
        "system": {"root": "root"},
        "partition": [
            {"type": "esp", "file-system": "vfat", "mount": "/boot/efi"},
            {"type": "linux", "file-system": "ext4", "mount": "/", "size": "content + 8MiB"}]})",
                                    directory_.path());
    ASSERT_TRUE(layout) << layout.error().message();
    const auto report = build(*layout, path("disk.img"));
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_GT(report->size, (36 + 30 + 8) * kMiB);
    EXPECT_LT(report->size, (36 + 30 + 8 + 16) * kMiB);
    EXPECT_THAT(run("sgdisk", {"-v", path("disk.img")}), HasSubstr("No problems found"));
}

TEST_F(BuildTest, SaysWhatToSetWhenTheContentIsTooLarge) {
    write("root/usr/large", std::string(30 * kMiB, 'x'));
    const auto layout = layout_from(R"({
        "system": {"root": "root"},
        "partition": [{"type": "linux", "label": "root", "size": "20MiB", "file-system": "ext4",
                       "mount": "/"}]})",
                                    directory_.path());
    const auto report = build(*layout, path("disk.img"));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Errc::no_space);
    EXPECT_THAT(report.error().message(), HasSubstr("partition 1 (\"root\")"));
    EXPECT_THAT(report.error().message(), HasSubstr("set size = \"3"));
    EXPECT_FALSE(std::filesystem::exists(path("disk.img")));
}

TEST_F(BuildTest, LeavesNothingBehindWhenAStepFails) {
    std::ofstream(path("disk.img")) << "the image of before";
    const auto layout = layout_from(kBoth, directory_.path());
    std::filesystem::create_directory(path("temporary"));
    ImageSteps steps;
    steps.disk = [](const std::filesystem::path&) -> Result<void> {
        return Error{Errc::io, "the last step fails"};
    };
    Quiet progress;
    const auto report = build_image(
        *layout, steps, {.output = path("disk.img"), .temporary = path("temporary")}, progress);
    ASSERT_FALSE(report);
    EXPECT_TRUE(std::filesystem::is_empty(path("temporary")));
    EXPECT_EQ(*read_text_file(path("disk.img")), "the image of before");
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
        EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("cordwainer-image")));
    }
}

TEST_F(BuildTest, DoesNotTouchTheSource) {
    run("chmod", {"-R", "a-w", path("root")});
    const std::string before = run("find", {path("root"), "-printf", "%p %m %T@ %C@ %s\n"});
    const auto layout = layout_from(kBoth, directory_.path());
    ASSERT_TRUE(build(*layout, path("disk.img")));
    EXPECT_EQ(run("find", {path("root"), "-printf", "%p %m %T@ %C@ %s\n"}), before);
    run("chmod", {"-R", "u+w", path("root")});
}

TEST_F(BuildTest, OnlyWritesToRegularFiles) {
    const auto layout = layout_from(kBoth, directory_.path());
    const auto report = build(*layout, "/dev/null");
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Errc::refused);
}

TEST_F(BuildTest, ConvertsToQcow2) {
    const auto layout = layout_from(kBoth, directory_.path());
    Quiet progress;
    const auto report =
        build_image(*layout, {}, {.output = path("disk.qcow2"), .format = Format::qcow2}, progress);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_THAT(run("qemu-img", {"info", path("disk.qcow2")}), HasSubstr("file format: qcow2"));
}

TEST_F(BuildTest, MissingContentsAreNamed) {
    const auto layout = layout_from(R"({"partition": [
        {"type": "linux", "size": "32MiB", "file-system": "ext4",
         "contents": [{"from": "nowhere"}]}]})",
                                    directory_.path());
    const auto report = build(*layout, path("disk.img"));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Errc::not_found);
    EXPECT_THAT(report.error().message(), HasSubstr(path("nowhere").string()));
}

}  // namespace
}  // namespace cordwainer::image::test
