#include "image/btrfs.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "image/guest_modules.h"
#include "image/write_tree.h"
#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BtrfsTest : public ImageTest {
  protected:
    void SetUp() override {
        write("root/etc/hostname", "box\n", 0640);
        write("root/home/user/note", "note\n");
        write("root/small", "x");
        std::filesystem::create_symlink("etc/hostname", path("root/link"));
    }

    // Builds an image with this one partition and returns it as a file.
    std::filesystem::path build_with(const std::string& partition, const std::string& image = "") {
        const auto layout = layout_from(R"({"image": {)" + image + R"(}, "system": {"root": "root"},
            "partition": [{"type": "linux", "file-system": "btrfs", "file-system-label": "data",
            "size": "160MiB", )" + partition +
                                            "}]}",
                                        directory_.path());
        EXPECT_TRUE(layout) << layout.error().message();
        uuid_ = layout->partitions[0].file_system_uuid->text();
        const auto report = build(*layout, path("disk.img"));
        EXPECT_TRUE(report) << report.error().message();
        return extract(path("disk.img"), 2048, 160 * kMiB / kSector);
    }

    std::string uuid_;
};

TEST_F(BtrfsTest, WithoutSubvolumes) {
    const auto part = build_with(R"("mount": "/")");
    run("btrfs", {"check", part});
    const std::string probed = run("blkid", {"-p", "-o", "export", part});
    EXPECT_THAT(probed, HasSubstr("UUID=" + uuid_));
    EXPECT_THAT(probed, HasSubstr("LABEL=data"));
    std::filesystem::create_directory(path("out"));
    run("btrfs", {"restore", "-m", "-S", part, path("out")});
    EXPECT_EQ(read_text_file(path("out/etc/hostname")).value_or("-"), "box\n");
    EXPECT_EQ(std::filesystem::read_symlink(path("out/link")), "etc/hostname");
    struct stat info{};
    ASSERT_EQ(::stat(path("out/etc/hostname").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0640U);
}

// The kernel that the tests of whole boots use.
std::filesystem::path guest_parts() {
    const char* set = std::getenv("CORDWAINER_PARTS");
    return std::filesystem::path(set ? set : CORDWAINER_SOURCE_DIR "/build/parts") / "amd64";
}

TEST_F(BtrfsTest, SubvolumesAreFilledByAGuest) {
    std::filesystem::path kernel;
    std::error_code error;
    for (std::filesystem::directory_iterator files(guest_parts() / "boot", error);
         !error && files != std::filesystem::directory_iterator();
         files.increment(error)) {
        if (files->path().filename().string().starts_with("vmlinuz-")) kernel = files->path();
    }
    if (kernel.empty()) GTEST_SKIP() << "no kernel below " << guest_parts();
    const std::string version = kernel.filename().string().substr(8);
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(path("root/home/user/note").c_str(), 1234, 5678), 0);
    }
    const auto part = build_with(
        R"("subvolumes": [{"name": "@root", "mount": "/"}, {"name": "@home", "mount": "/home"},
                          {"name": "it's/deep"}])",
        "\"guest-kernel\": \"" + kernel.string() + "\", \"guest-modules\": \"" +
            (guest_parts() / "lib/modules" / version).string() + "\"");
    run("btrfs", {"check", part});
    const std::string tree = run("btrfs", {"inspect-internal", "dump-tree", "-t", "root", part});
    for (const char* name : {"name @root", "name @home", "name deep"}) {
        EXPECT_THAT(tree, HasSubstr(name));
    }
    std::filesystem::create_directory(path("out"));
    run("btrfs", {"restore", "-m", "-S", part, path("out")});
    EXPECT_EQ(read_text_file(path("out/@root/etc/hostname")).value_or("-"), "box\n");
    EXPECT_EQ(read_text_file(path("out/@home/user/note")).value_or("-"), "note\n");
    EXPECT_FALSE(std::filesystem::exists(path("out/@root/home/user")));
    struct stat info{};
    ASSERT_EQ(::lstat(path("out/@home/user/note").c_str(), &info), 0);
    if (::geteuid() == 0) {
        EXPECT_EQ(info.st_uid, 1234U);
        EXPECT_EQ(info.st_gid, 5678U);
    }
}

TEST(WriteTreeTest, LeavesDevicesToTheGuest) {
    Node root = made_directory(0);
    root.uid = ::geteuid();
    root.gid = ::getegid();
    EXPECT_TRUE(can_write_tree(root));
    root.children["terminal"].kind = Node::Kind::character_device;
    EXPECT_FALSE(can_write_tree(root));
}

TEST_F(BtrfsTest, SaysWhichKeyNamesTheKernel) {
    const auto layout = layout_from(R"({
        "image": {"guest-kernel": "no/vmlinuz"}, "system": {"root": "root"},
        "partition": [{"type": "linux", "file-system": "btrfs",
                       "subvolumes": [{"name": "@", "mount": "/"}]}]})",
                                    directory_.path());
    const auto report = build(*layout, path("disk.img"));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Errc::not_found);
    EXPECT_THAT(report.error().message(), HasSubstr("guest-kernel: no file"));
}

TEST_F(BtrfsTest, TheSizeOfItsContentHoldsIt) {
    for (int i = 0; i < 300; ++i) write("root/many/" + std::to_string(i), std::string(9000, 'x'));
    write("root/large", std::string(40 * kMiB, 'y'));
    const auto layout = layout_from(R"({"system": {"root": "root"},
        "partition": [{"type": "linux", "file-system": "btrfs", "mount": "/"}]})",
                                    directory_.path());
    const auto report = build(*layout, path("disk.img"));
    EXPECT_TRUE(report) << report.error().message();
}

TEST(GuestModulesTest, ReadsDependencies) {
    const auto of = [](std::string_view text) { return module_dependencies(as_bytes(text)); };
    using namespace std::string_view_literals;
    EXPECT_THAT(of("\0license=GPL\0depends=raid6_pq,xor,zstd-compress\0name=btrfs\0"sv),
                ElementsAre("raid6_pq", "xor", "zstd_compress"));
    EXPECT_THAT(of("\0depends=\0name=x\0"sv), IsEmpty());
    EXPECT_THAT(of("no section"), IsEmpty());
    EXPECT_THAT(of("\0depends=cut"sv), IsEmpty());
}

TEST_F(BtrfsTest, ModulesComeAfterWhatTheyNeed) {
    using namespace std::string_literals;
    write("modules/kernel/fs/top-one.ko", "\0depends=middle,base\0"s);
    write("modules/kernel/lib/middle.ko", "\0depends=base\0"s);
    write("modules/kernel/lib/base.ko", "\0depends=\0"s);
    write("modules/kernel/lib/other.ko", "\0depends=\0"s);
    run("xz", {path("modules/kernel/lib/base.ko")});
    const auto modules = load_guest_modules(path("modules"), {"built_in", "top_one"});
    ASSERT_TRUE(modules) << modules.error().message();
    std::vector<std::string> names;
    for (const GuestModule& module : *modules) names.push_back(module.name);
    EXPECT_THAT(names, ElementsAre("base", "middle", "top_one"));
    EXPECT_EQ(to_text(modules->front().content), "\0depends=\0"s);
}

}  // namespace
}  // namespace cordwainer::image::test
