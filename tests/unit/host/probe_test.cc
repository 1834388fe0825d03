// File targets and volumes of a machine.
#include "host/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <sys/stat.h>

#include "tests/unit/host/probe_machine.h"

namespace cordwainer {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kUuid = "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3";

class ProbeTest : public ProbedMachine {
  protected:
    void add_ext4_disk() {
        add_gpt_disk("sda", "8", "a");
        run({"mke2fs",
             "-q",
             "-t",
             "ext4",
             "-O",
             "^inline_data",
             "-L",
             "store",
             "-U",
             kUuid,
             "sda2"});
    }

    // The only target that is found.
    BootSide boot_of(const TargetSpec& spec) {
        const auto probed = targets({spec});
        EXPECT_TRUE(probed) << probed.error().message();
        if (!probed || probed->found.size() != 1) {
            ADD_FAILURE() << (probed && !probed->unreached.empty() ? probed->unreached[0].why : "");
            return {};
        }
        return probed->found[0].boot;
    }

    std::string error_of(const TargetSpec& spec) {
        const auto probed = targets({spec});
        return probed ? "" : probed.error().message();
    }

    std::string why_unreached(const TargetSpec& spec) {
        const auto probed = targets({spec});
        EXPECT_TRUE(probed) << probed.error().message();
        return probed && probed->unreached.size() == 1 ? probed->unreached[0].why : "";
    }
};

TEST_F(ProbeTest, Ext4OnGpt) {
    add_ext4_disk();
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/root");
    const auto probed = targets({file("/boot/grub")});
    ASSERT_TRUE(probed) << probed.error().message();
    ASSERT_EQ(probed->found.size(), 1U);
    const Target& target = probed->found[0];
    EXPECT_EQ(target.id.text, "files");
    EXPECT_EQ(target.spec, file("/boot/grub"));
    EXPECT_EQ(target.boot.offset, "/boot/grub");
    EXPECT_EQ(target.boot.label, "store");
    EXPECT_EQ(target.boot.uuid, Uuid::parse(kUuid));
    ASSERT_TRUE(target.boot.volume);
    const Volume& volume = *target.boot.volume;
    EXPECT_EQ(volume.file_system, "ext4");
    EXPECT_THAT(volume.layers,
                ElementsAre(StorageLayer(PartitionTable{.kind = PartitionTable::Kind::gpt})));
    EXPECT_THAT(volume.features, Contains("metadata_csum"));
    EXPECT_THAT(volume.features, Not(Contains("inline_data")));
    EXPECT_GT(std::get<ObservedFiles>(target.observed).free_bytes, 0U);
    EXPECT_TRUE(probed->unreached.empty());

    const auto probe = open();
    ASSERT_TRUE(probe) << probe.error().message();
    EXPECT_THAT(probe->volumes(),
                ElementsAre(MountedVolume{.mount_point = "/", .prefix = "", .volume = volume}));
}

TEST_F(ProbeTest, FeaturesAreThoseThatMke2fsWasAskedFor) {
    add_gpt_disk("sda", "8", "a");
    run({"mke2fs", "-q", "-t", "ext4", "-O", "inline_data,casefold,metadata_csum_seed", "sda2"});
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    const BootSide boot = boot_of(file("/"));
    EXPECT_EQ(boot.offset, "");
    EXPECT_THAT(boot.volume->features, Contains("inline_data"));
    EXPECT_THAT(boot.volume->features, Contains("casefold"));
    EXPECT_THAT(boot.volume->features, Contains("metadata_csum_seed"));
}

TEST_F(ProbeTest, PathIsThatBehindLinksAndMayNotExist) {
    add_ext4_disk();
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    fs::create_directory_symlink("/boot", base_ / "root/efi");
    EXPECT_EQ(boot_of(file("/efi/EFI/grub")).offset, "/boot/EFI/grub");
    EXPECT_EQ(boot_of(file("/new/er/")).offset, "/new/er");
}

TEST_F(ProbeTest, BindMountsAndOvermounts) {
    add_ext4_disk();
    add_device("sdb", "8:16");
    run({"mkfs.fat", "-i", "1C31A17C", "-n", "ESP", "sdb"});
    mount(20, 1, "8:2", "/systems/a", "", "ext4", "/dev/sda2");
    mount(21, 20, "8:2", "/shared/boot", "/boot", "ext4", "/dev/sda2");
    mount(22, 21, "8:16", "/", "/boot/efi", "vfat", "/dev/sdb");
    fs::create_directories(base_ / "root/boot/efi");
    EXPECT_EQ(boot_of(file("/etc/x")).offset, "/systems/a/etc/x");
    EXPECT_EQ(boot_of(file("/boot/grub")).offset, "/shared/boot/grub");
    const BootSide esp = boot_of(file("/boot/efi"));
    EXPECT_EQ(esp.offset, "");
    EXPECT_EQ(esp.label, "ESP");
    EXPECT_EQ(esp.uuid, Uuid::parse("1C31-A17C"));
    EXPECT_TRUE(esp.volume->layers.empty());

    // Mounted over /boot, this hides what was mounted below it.
    mount(23, 21, "8:16", "/", "/boot", "vfat", "/dev/sdb");
    EXPECT_EQ(boot_of(file("/boot/efi/x")).offset, "/efi/x");
    const auto probe = open();
    ASSERT_TRUE(probe);
    ASSERT_EQ(probe->volumes().size(), 2U);
    EXPECT_EQ(probe->volumes()[0].prefix, "/systems/a");
    EXPECT_EQ(probe->volumes()[1].mount_point, "/boot");
    EXPECT_EQ(probe->volumes()[1].volume.file_system, "vfat");
}

// It would be written twice, and each would take the other's files for its own.
TEST_F(ProbeTest, OneDirectoryByTwoNamesIsRefused) {
    add_ext4_disk();
    for (const char* name : {"sdb", "sdc"}) {
        add_device(name, name[2] == 'b' ? "8:16" : "8:32");
        run({"mkfs.fat", "-i", "1C31A17C", name});  // a copy, as mirrors may be
    }
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    mount(21, 20, "8:16", "/", "/boot/efi", "vfat", "/dev/sdb");
    mount(22, 20, "8:32", "/", "/boot/efi2", "vfat", "/dev/sdc");
    mount(23, 20, "8:16", "/", "/mnt", "vfat", "/dev/sdb");
    for (const char* name : {"boot/efi", "boot/efi2", "mnt"}) {
        fs::create_directories(base_ / "root" / name);
    }
    fs::create_directory_symlink("/boot/efi", base_ / "root/efi");
    const auto both = [&](const std::string& other, const std::string& tag = "esp") {
        return targets({file("/boot/efi", "esp"), file(other, tag)});
    };
    for (const char* name : {"/efi", "/mnt", "/boot/efi/"}) {
        const auto refused = both(name);
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().code, Errc::invalid_input);
        EXPECT_THAT(refused.error().message(),
                    HasSubstr(std::string("config.toml:3:1: esp: /boot/efi and ") + name +
                              " are one and the same directory"));
    }
    EXPECT_TRUE(both("/boot/efi2"));
    EXPECT_TRUE(both("/efi/sub"));
    EXPECT_TRUE(both("/efi", "boot"));
}

TEST_F(ProbeTest, RootThatIsADirectoryOfAMount) {
    add_ext4_disk();
    write("mountinfo", "20 1 8:2 / " + base_.string() + " rw - ext4 /dev/sda2 rw\n");
    EXPECT_EQ(boot_of(file("/boot/grub")).offset, "/root/boot/grub");
    const auto probe = open();
    ASSERT_TRUE(probe);
    EXPECT_EQ(probe->volumes().at(0).mount_point, "/");
    EXPECT_EQ(probe->volumes().at(0).prefix, "/root");
}

TEST_F(ProbeTest, BtrfsSubvolumes) {
    add_gpt_disk("sda", "8", "a");
    add_device("sdb", "8:16", 128);
    run({"mkfs.btrfs", "-q", "-U", kUuid, "sdb"});
    mount(20, 1, "0:30", "/@root", "", "btrfs", "/dev/sdb");
    mount(21, 20, "0:30", "/@home/nested", "/boot", "btrfs", "/dev/sdb");
    // A subvolume in the mounted one has no mount of its own, and is a directory on the way.
    EXPECT_EQ(boot_of(file("/var/grub")).offset, "/@root/var/grub");
    const BootSide boot = boot_of(file("/boot/grub"));
    EXPECT_EQ(boot.offset, "/@home/nested/grub");
    EXPECT_EQ(boot.uuid, Uuid::parse(kUuid));
    EXPECT_EQ(boot.volume->file_system, "btrfs");
    EXPECT_THAT(boot.volume->features, Contains("extref"));
}

TEST_F(ProbeTest, XfsFeatures) {
    add_device("sdb", "8:16", 400);
    run({"mkfs.xfs", "-q", "-m", "bigtime=1", "-i", "nrext64=0", "sdb"});
    mount(20, 1, "8:16", "/", "", "xfs", "/dev/sdb");
    const BootSide boot = boot_of(file("/boot"));
    EXPECT_THAT(boot.volume->features, Contains("bigtime"));
    EXPECT_THAT(boot.volume->features, Contains("ftype"));
    EXPECT_THAT(boot.volume->features, Not(Contains("nrext64")));
}

TEST_F(ProbeTest, WhatIsOnNoDiskIsAnError) {
    add_ext4_disk();
    mount(20, 1, "0:25", "/", "", "overlay", "overlay");
    mount(21, 20, "8:2", "/", "/boot", "ext4", "/dev/sda2");
    EXPECT_THAT(error_of(file("/srv")), HasSubstr("config.toml:3:1: files: "));
    EXPECT_THAT(error_of(file("/srv")), HasSubstr("type overlay"));
    EXPECT_EQ(boot_of(file("/boot/grub")).offset, "/grub");
    const auto probe = open();
    ASSERT_TRUE(probe);
    ASSERT_EQ(probe->volumes().size(), 2U);
    EXPECT_EQ(probe->volumes()[0].volume.file_system, "overlay");
    EXPECT_EQ(probe->volumes()[0].volume.uuid, std::nullopt);
}

// Not what the kernel calls it: a loader would have to read what is below it.
TEST_F(ProbeTest, VolumeOnUnknownLayersSaysWhatIsBelow) {
    add_ext4_disk();
    add_device("dm-0", "253:0", 32);
    add_parts("dm-0", {"sda2"});
    run({"mke2fs", "-q", "-t", "ext4", "-U", kUuid, "dm-0"});
    mount(20, 1, "253:0", "/", "", "ext4", "/dev/mapper/lin");
    const auto probe = open();
    ASSERT_TRUE(probe);
    const Volume& volume = probe->volumes().at(0).volume;
    EXPECT_EQ(volume.file_system, "");
    EXPECT_THAT(volume.unknown.value_or(""),
                AllOf(HasSubstr("dev/dm-0 is made of "), HasSubstr("dev/sda2 in a way that is")));
    EXPECT_THAT(error_of(file("/boot/grub")), HasSubstr(*volume.unknown));
}

TEST_F(ProbeTest, PathThatIsAFileIsAnError) {
    add_ext4_disk();
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    write("root/boot/grub", "");
    EXPECT_THAT(error_of(file("/boot/grub")), HasSubstr("is not a directory"));
    EXPECT_THAT(error_of(file("/boot/grub/x86")), HasSubstr("is not a directory"));
}

TEST_F(ProbeTest, WhatIsNotMountedNowIsUnreached) {
    add_ext4_disk();
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    fs::create_directory(base_ / "root/efi2");
    fs::create_symlink("/media/stick", base_ / "root/stick");
    write("root/etc/fstab",
          "# the second disk's\nUUID=1C31-A17C /efi2 vfat nofail 0 2\n/dev/sda2 / ext4 rw 0 1\n"
          "/dev/sda3 none swap sw 0 0\n");
    EXPECT_THAT(why_unreached(file("/efi2/EFI", "esp")), HasSubstr("efi2 is not mounted"));
    EXPECT_THAT(why_unreached(file("/stick/grub")), HasSubstr("leads to nothing"));

    const auto probed = targets({file("/boot", "esp"), file("/efi2", "esp")});
    ASSERT_TRUE(probed);
    ASSERT_EQ(probed->found.size(), 1U);
    ASSERT_EQ(probed->unreached.size(), 1U);
    EXPECT_EQ(probed->found[0].id.text, "esp");
    EXPECT_EQ(probed->unreached[0].id.text, "esp.2");
    EXPECT_EQ(probed->unreached[0].spec.path, "/efi2");
}

// Two EFI system partitions on which something was installed, and a root that has its directories.
class KnownTargetsTest : public ProbeTest {
  protected:
    void SetUp() override {
        ProbeTest::SetUp();
        add_ext4_disk();
        mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
        add_esp("sdb", "9:16", "3C1A9D52");
        add_esp("sdc", "10:32", "4D2B8E63");
        for (const char* name : {"efi", "efi2", "grub"}) {
            fs::create_directories(base_ / "root/boot" / name);
        }
    }

    void add_esp(const std::string& name, const std::string& number, const std::string& serial) {
        add_device(name, number);
        run({"mkfs.fat", "-i", serial, name});
    }

    static PlannedTarget known(const TargetSpec& spec, const char* uuid) {
        return {.id = {spec.tag}, .spec = spec, .uuid = Uuid::parse(uuid), .own = std::nullopt};
    }

    // Those that were found, and those that were not, each with why.
    void look(const std::vector<TargetSpec>& specs) {
        const auto probed = targets(specs, known_);
        ASSERT_TRUE(probed) << probed.error().message();
        found_.clear();
        unreached_.clear();
        for (const Target& target : probed->found) found_.push_back(target.id.text);
        for (const UnreachedTarget& target : probed->unreached)
            unreached_[target.id.text] = target.why;
    }

    TargetSpec first_ = file("/boot/efi", "esp");
    TargetSpec second_ = file("/boot/efi2/", "esp");
    std::vector<PlannedTarget> known_ = {known(first_, "3C1A-9D52"), known(second_, "4D2B-8E63")};
    std::vector<std::string> found_;
    std::map<std::string, std::string> unreached_;
};

// Nothing but what was installed tells of it: by hand, or by an automount, no line of /etc/fstab.
// Else the directory below the mount point would be taken for the partition.
TEST_F(KnownTargetsTest, PartitionThatIsNotMountedIsUnreached) {
    mount(21, 20, "9:16", "/", "/boot/efi", "vfat", "/dev/sdb");
    look({first_, second_});
    EXPECT_THAT(found_, ElementsAre("esp"));
    EXPECT_EQ(unreached_["esp.2"],
              "the file system with UUID 4D2B-8E63, on which it was installed, is not mounted at " +
                  (base_ / "root/boot/efi2").string() +
                  ": mount it, or an empty one that replaces it");
    // The only one, and the menu on it.
    look({second_, file("/boot/efi2/grub")});
    EXPECT_THAT(found_, ElementsAre());
    EXPECT_THAT(unreached_["esp"], HasSubstr("4D2B-8E63"));
    EXPECT_THAT(unreached_["files"], HasSubstr("4D2B-8E63"));
    // Nobody can know.
    known_.pop_back();
    look({first_, second_});
    EXPECT_THAT(found_, ElementsAre("esp", "esp.2"));
}

TEST_F(KnownTargetsTest, PartitionInsideAnotherThatIsNotMountedIsUnreached) {
    mount(21, 20, "9:16", "/", "/boot", "vfat", "/dev/sdb");
    known_ = {known(file("/boot", "esp"), "3C1A-9D52"), known(second_, "4D2B-8E63")};
    look({file("/boot", "esp"), second_});
    EXPECT_THAT(found_, ElementsAre("esp"));
    EXPECT_THAT(unreached_["esp.2"], HasSubstr("4D2B-8E63"));
    mount(22, 21, "10:32", "/", "/boot/efi2", "vfat", "/dev/sdc");
    look({file("/boot", "esp"), second_, file("/boot/efi2/grub")});
    EXPECT_THAT(found_, ElementsAre("esp", "esp.2", "files"));
}

// A new disk for the old path.
TEST_F(KnownTargetsTest, WhatReplacesAFileSystemIsFound) {
    known_ = {known(first_, "1111-1111"),
              known(second_, "4D2B-8E63"),
              known(file("/boot/efi/grub"), "1111-1111")};
    mount(21, 20, "9:16", "/", "/boot/efi", "vfat", "/dev/sdb");
    mount(22, 20, "10:32", "/", "/boot/efi2", "vfat", "/dev/sdc");
    look({first_, second_, file("/boot/efi/grub")});
    EXPECT_THAT(found_, ElementsAre("esp", "esp.2", "files"));
    // The root itself, below which `files` is a directory like any other.
    known_ = {known(file("/boot/grub"), "00000000-0000-4000-8000-000000000001")};
    look({file("/boot/grub")});
    EXPECT_THAT(found_, ElementsAre("files"));
}

TEST_F(KnownTargetsTest, PartitionThatAnotherOneHidesIsUnreached) {
    mount(21, 20, "9:16", "/", "/boot/efi", "vfat", "/dev/sdb");
    mount(22, 20, "9:16", "/", "/boot/efi2", "vfat", "/dev/sdb");
    look({first_, second_});
    EXPECT_THAT(found_, ElementsAre("esp"));
    EXPECT_EQ(unreached_["esp.2"],
              "/boot/efi is mounted there once more, and not the file system with UUID 4D2B-8E63, "
              "on which it was installed");
    look({second_, first_});
    EXPECT_THAT(found_, ElementsAre("esp.2"));
    EXPECT_THAT(unreached_["esp"], HasSubstr("4D2B-8E63"));
    known_.clear();
    EXPECT_FALSE(targets({first_, second_}, known_));
}

TEST_F(ProbeTest, WhatWasPulledOutWhileItIsMountedIsUnreached) {
    add_ext4_disk();
    mount(20, 1, "8:2", "/", "", "ext4", "/dev/sda2");
    fs::create_directory(base_ / "root/efi2");
    add_gpt_disk("sdb", "9", "b");
    mount(21, 20, "9:2", "/", "/efi2", "vfat", "/dev/sdb2");
    // A socket: like a node whose device has gone, it cannot be opened (ENXIO).
    fs::remove(base_ / "dev/sdb2");
    ASSERT_EQ(::mknod((base_ / "dev/sdb2").c_str(), S_IFSOCK | 0600, 0), 0);
    EXPECT_THAT(why_unreached(file("/efi2", "esp")), HasSubstr("No such device or address"));
    // The kernel itself has forgotten it.
    fs::create_directory(base_ / "root/efi3");
    mount(22, 20, "10:2", "/", "/efi3", "vfat", "/dev/sdc2");
    EXPECT_THAT(why_unreached(file("/efi3", "esp")), HasSubstr("/dev/sdc2, is not there any more"));
    EXPECT_EQ(boot_of(file("/boot/grub")).label, "store");
}

TEST_F(ProbeTest, TwoFileSystemsInOnePlaceAreRefused) {
    add_device("sdb", "8:16", 64);
    run({"mkfs.fat", "sdb"});
    run({"mke2fs", "-q", "-t", "ext4", "other", "64M"});
    // The superblock of ext4 leaves the boot sector of FAT as it is.
    run({"dd",
         "if=other",
         "of=sdb",
         "bs=1024",
         "skip=1",
         "seek=1",
         "count=1",
         "conv=notrunc",
         "status=none"});
    mount(20, 1, "8:16", "/", "", "ext4", "/dev/sdb");
    EXPECT_THAT(error_of(file("/boot")), HasSubstr("wipefs"));
    const auto probe = open();
    ASSERT_TRUE(probe);
    EXPECT_EQ(probe->volumes().at(0).volume.file_system, "");
}

}  // namespace
}  // namespace cordwainer
