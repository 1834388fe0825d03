#include "formats/boot_parameters.h"

#include <gtest/gtest.h>
#include <string>

namespace cordwainer {
namespace {

constexpr const char* kSixteen = "#vu8(63 156 26 82 123 30 77 10 156 85 14 141 122 65 182 195)";
constexpr const char* kDce = "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3";

// A datum of the four positional fields and `fields`.
std::string datum(const std::string& fields,
                  const std::string& root = "\"my-root\"",
                  int version = 1) {
    return "(boot-parameters (version " + std::to_string(version) +
           ") (label \"GNU\") (root-device " + root +
           ") (kernel \"/gnu/store/abc-linux/bzImage\") " + fields + ")";
}

GuixParameters read(const std::string& text) {
    Result<GuixParameters> parameters = parse_boot_parameters("f", text);
    EXPECT_TRUE(parameters) << parameters.error().message() << " in " << text;
    return parameters ? *std::move(parameters) : GuixParameters{};
}

Error parameters_refused(const std::string& text) {
    Result<GuixParameters> parameters = parse_boot_parameters("f", text);
    EXPECT_FALSE(parameters) << text;
    return parameters ? Error(Errc::io, "accepted") : std::move(parameters).error();
}

std::string parameters_why_not(const std::string& text) {
    return parameters_refused(text).message();
}

std::string device_text(const DeviceRef& device) {
    if (const auto* uuid = std::get_if<Uuid>(&device)) return "uuid " + uuid->text();
    if (const auto* label = std::get_if<FileSystemLabel>(&device)) return "label " + label->text;
    if (const auto* nfs = std::get_if<NfsExport>(&device)) return "nfs " + nfs->text;
    return "none";
}

TEST(BootParameters, AreReadInFull) {
    const GuixParameters parameters = read(std::string(R"((boot-parameters (version 1)
      (label "GNU with Linux-Libre 6.12") (root-device (uuid dce )") +
                                           kSixteen + R"())
      (kernel "/gnu/store/abc-linux-libre-6.12/bzImage")
      (kernel-arguments ("modprobe.blacklist=usbmouse,usbkbd" "quiet"))
      (initrd "/gnu/store/def-raw-initrd/initrd.cpio.gz")
      (bootloader-name grub-efi) (bootloader-menu-entries ()) (locale "en_US.utf8")
      (store (device (uuid dce )" + kSixteen +
                                           R"()) (mount-point "/") (directory-prefix #f)
             (crypto-devices ()))))");
    GuixParameters wanted;
    wanted.version = 1;
    wanted.label = "GNU with Linux-Libre 6.12";
    wanted.root = kDce;
    wanted.kernel = "/gnu/store/abc-linux-libre-6.12/bzImage";
    wanted.arguments = {"modprobe.blacklist=usbmouse,usbkbd", "quiet"};
    wanted.initrd = "/gnu/store/def-raw-initrd/initrd.cpio.gz";
    wanted.store.device = *Uuid::parse(kDce);
    EXPECT_EQ(parameters, wanted);
}

TEST(BootParameters, OfAnEncryptedBtrfsSubvolume) {
    const GuixParameters parameters =
        read(datum(std::string(R"((kernel-arguments ("quiet")) (initrd "/gnu/store/def/initrd.img")
        (bootloader-menu-entries ((menu-entry (version 0) (label "Other OS")
          (device (uuid fat "1C31-A17C")) (device-mount-point #f)
          (chain-loader "/EFI/other/grubx64.efi"))))
        (store (device #f) (mount-point "/") (directory-prefix "/@root")
         (crypto-devices ((uuid dce )") +
                       kSixteen + ") (uuid luks " + kSixteen + "))))",
                   "\"/dev/mapper/cryptroot\""));
    EXPECT_EQ(parameters.root, "/dev/mapper/cryptroot");
    EXPECT_EQ(device_text(parameters.store.device), "none");
    EXPECT_EQ(parameters.store.directory_prefix, "/@root");
    const std::vector<Uuid> containers = {*Uuid::parse(kDce), *Uuid::parse(kDce)};
    EXPECT_EQ(parameters.store.crypto_devices, containers);
}

TEST(BootParameters, NeedOnlyThePositionalFields) {
    const GuixParameters parameters = read(datum(""));
    EXPECT_EQ(parameters.label, "GNU");
    EXPECT_TRUE(parameters.arguments.empty());
    EXPECT_EQ(parameters.initrd, std::nullopt);
    EXPECT_TRUE(parameters.multiboot_modules.empty());
    EXPECT_EQ(device_text(parameters.store.device), "label my-root");
    EXPECT_EQ(parameters.store.mount_point, "/");
    EXPECT_EQ(parameters.store.directory_prefix, std::nullopt);
}

TEST(BootParameters, TakeTheOtherFieldsInAnyOrderAndUnknownOnesToo) {
    const GuixParameters parameters =
        read(datum(R"((future (1 2 . 3) #\( #:key #(1 "x") 1.5) (initrd "/i") ignored
                      (store (mount-point "/gnu/store") (future x) (device "gnu"))
                      (kernel-arguments ("a")) (kernel-arguments ("second")) (locale #f))"));
    EXPECT_EQ(parameters.initrd, "/i");
    EXPECT_EQ(parameters.arguments, std::vector<std::string>{"a"});
    EXPECT_EQ(parameters.store.mount_point, "/gnu/store");
    EXPECT_EQ(device_text(parameters.store.device), "label gnu");
}

struct DeviceCase {
    const char* datum;
    const char* root;
    const char* store;  // where the datum has no store, and where it is the store's device
};

class BootParametersDevice : public testing::TestWithParam<DeviceCase> {};

TEST_P(BootParametersDevice, IsReadForTheKernelAndForTheStore) {
    const DeviceCase& c = GetParam();
    const GuixParameters without_store = read(datum("", c.datum));
    EXPECT_EQ(without_store.root, c.root);
    EXPECT_EQ(device_text(without_store.store.device), c.store);
    const GuixParameters with_store =
        read(datum(std::string("(store (device ") + c.datum + ") (mount-point \"/\"))"));
    EXPECT_EQ(device_text(with_store.store.device), c.store);
}

constexpr const char* kUuid = "uuid 3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3";

#define UUID16(TYPE) "(uuid " TYPE " #vu8(63 156 26 82 123 30 77 10 156 85 14 141 122 65 182 195))"

INSTANTIATE_TEST_SUITE_P(
    Notations,
    BootParametersDevice,
    testing::Values(
        DeviceCase{UUID16("dce"), kDce, kUuid},
        DeviceCase{UUID16("ext2"), kDce, kUuid},
        DeviceCase{UUID16("ext3"), kDce, kUuid},
        DeviceCase{UUID16("ext4"), kDce, kUuid},
        DeviceCase{UUID16("btrfs"), kDce, kUuid},
        DeviceCase{UUID16("bcachefs"), kDce, kUuid},
        DeviceCase{UUID16("f2fs"), kDce, kUuid},
        DeviceCase{UUID16("jfs"), kDce, kUuid},
        DeviceCase{UUID16("xfs"), kDce, kUuid},
        DeviceCase{UUID16("luks"), kDce, kUuid},
        DeviceCase{UUID16("zfs-of-the-future"), kDce, kUuid},
        // A bare byte vector is a DCE UUID.
        DeviceCase{"#vu8(63 156 26 82 123 30 77 10 156 85 14 141 122 65 182 195)", kDce, kUuid},
        DeviceCase{"(uuid fat #vu8(124 161 49 28))", "1C31-A17C", "uuid 1C31-A17C"},
        DeviceCase{"(uuid fat16 #vu8(124 161 49 28))", "1C31-A17C", "uuid 1C31-A17C"},
        DeviceCase{"(uuid fat32 #vu8(124 161 49 28))", "1C31-A17C", "uuid 1C31-A17C"},
        DeviceCase{"(uuid exfat #vu8(124 161 49 28))", "1C31-A17C", "uuid 1C31-A17C"},
        DeviceCase{"(uuid ntfs #vu8(23 229 212 195 178 161 240 10))",
                   "0AF0A1B2C3D4E517",
                   "uuid 0AF0A1B2C3D4E517"},
        // 16 bytes are DCE for the kernel whatever their type; the file system's own notation is
        // what a loader looks for.
        DeviceCase{"(uuid iso9660 #vu8(50 48 50 54 49 49 50 50 49 48 48 48 48 48 48 48))",
                   "32303236-3131-3232-3130-303030303030",
                   "uuid 2026-11-22-10-00-00-00"},
        DeviceCase{"(file-system-label \"my root\")", "my root", "label my root"},
        DeviceCase{"(file-system-label \"a:/b\")", "a:/b", "label a:/b"},
        DeviceCase{"\"my-root\"", "my-root", "label my-root"},
        DeviceCase{"\"10.0.0.1:/srv/root\"", "10.0.0.1:/srv/root", "nfs 10.0.0.1:/srv/root"},
        DeviceCase{"\":/srv/root\"", ":/srv/root", "nfs :/srv/root"},
        DeviceCase{"\"/dev/sda1\"", "/dev/sda1", "none"},
        DeviceCase{"\"/dev/mapper/x\"", "/dev/mapper/x", "none"},
        DeviceCase{"\"/dev/disk/by-path/pci:/1\"", "/dev/disk/by-path/pci:/1", "none"},
        DeviceCase{"\"tmpfs\"", "tmpfs", "none"},
        DeviceCase{"\"none\"", "none", "none"}));

TEST(BootParameters, RefuseDevicesThatAreNone) {
    for (const char* root : {"#f",
                             "42",
                             "(uuid dce #vu8(1 2 3 4))",
                             "(uuid fat #vu8(1 2 3 4 5))",
                             "(uuid fat \"1C31-A17C\")",  // as in menu entries
                             "(uuid \"dce\" #vu8(1 2 3 4))",
                             "(uuid iso9660 #vu8(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16))",
                             "(uuid dce)",
                             "(label \"x\")",  // as in menu entries
                             "(file-system-label x)",
                             "(file-system-label)",
                             "#vu8(1 2 3 4)",
                             "(uuid unheard-of #vu8(1 2 3))"}) {
        EXPECT_TRUE(parameters_why_not(datum("", root)).starts_with("f:1:")) << root;
    }
}

TEST(BootParameters, OfAnUnknownVersionAreRefusedByItsName) {
    const Error error = parameters_refused("(boot-parameters (version 2) (command-line \"x\"))");
    EXPECT_EQ(error.code, Errc::unsupported);
    EXPECT_EQ(error.message(),
              "f:1:27: boot parameters of version 2 are not known to this cordwainer, which reads "
              "versions 0 and 1");
    EXPECT_EQ(parameters_refused(datum("", "\"x\"", 17)).code, Errc::unsupported);
    EXPECT_EQ(parameters_refused(datum("", "\"x\"", -1)).code, Errc::unsupported);
    EXPECT_NE(parameters_why_not("(boot-parameters (version \"1\"))").find("version \"1\""),
              std::string::npos);
}

TEST(BootParameters, RefuseWhatIsMalformed) {
    for (const char* text :
         {"",
          "()",
          "42",
          "\"boot-parameters\"",
          "boot-parameters",
          "(boot-parameters)",
          "(boot-parameters (version))",
          "(other (version 1))",
          "(boot-parameters (label \"x\") (version 1) (root-device \"r\") (kernel \"/k\"))",
          "(boot-parameters (version 1) (root-device \"r\") (label \"x\") (kernel \"/k\"))",
          "(boot-parameters (version 1) (label \"x\") (root-device \"r\"))",
          "(boot-parameters (version 1) (label x) (root-device \"r\") (kernel \"/k\"))",
          "(boot-parameters (version 1) (label \"x\" \"y\") (root-device \"r\") (kernel \"/k\"))",
          "(boot-parameters (version 1) (label \"x\") (root-device \"r\") (kernel k))",
          "(boot-parameters (version 1) (label \"x\") (root-device \"r\") (kernel \"k\"))",
          "(boot-parameters (version 1) (label \"x\") (root-device \"r\") (kernel \"/k\")",
          "(boot-parameters (version 1) (label \"a\\x00b\") (root-device \"r\") (kernel "
          "\"/k\"))"}) {
        EXPECT_TRUE(parameters_why_not(text).starts_with("f:1:")) << text;
    }
    for (const char* fields : {"(kernel-arguments \"a\")",
                               "(kernel-arguments (a))",
                               "(kernel-arguments (\"a\\0b\"))",
                               "(kernel-arguments \"a\" \"b\")",
                               "(initrd initrd)",
                               "(initrd (string-append))",
                               "(initrd (string-append \"/a\" b))",
                               "(initrd \"relative\")",
                               "(multiboot-modules \"x\")",
                               "(multiboot-modules (\"x\"))",
                               "(multiboot-modules (()))",
                               "(multiboot-modules ((\"relative\")))",
                               "(store (device 7))",
                               "(store (mount-point \"relative\"))",
                               "(store (directory-prefix 7))",
                               "(store (crypto-devices #vu8(1)))",
                               "(store (crypto-devices (\"x\")))"}) {
        EXPECT_TRUE(parameters_why_not(datum(fields)).starts_with("f:1:")) << fields;
    }
}

TEST(BootParameters, MayHaveTextBehindThem) {
    EXPECT_EQ(read(datum("") + " ) (half \"an editor's"), read(datum("")));
}

TEST(BootParameters, CutOffAnywhereAreRefused) {
    const std::string whole =
        datum("(kernel-arguments (\"a\\x1b;\")) (store (device (uuid fat #vu8(1 2 3 4))))");
    ASSERT_TRUE(parse_boot_parameters("f", whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(parse_boot_parameters("f", whole.substr(0, size))) << size;
    }
}

TEST(BootParameters, SayWhereAndWhat) {
    EXPECT_EQ(parameters_why_not("(boot-parameters (version 1)\n (lable \"x\"))"),
              "f:2:2: expected (label …) as field 2, not (lable \"x\")");
    EXPECT_EQ(parameters_why_not(datum("(initrd 7)")),
              "f:1:116: the initrd must be a string, not 7");
    EXPECT_EQ(parameters_why_not("(boot-parameters (version 1))"),
              "f:1:1: expected (label …) as field 2; the datum ends before");
}

TEST(BootParameters, KeepOldWaysToNameFiles) {
    EXPECT_EQ(read(datum("(initrd (string-append \"/gnu/store/abc-initrd\" \"/initrd\"))")).initrd,
              "/gnu/store/abc-initrd/initrd");
    EXPECT_EQ(read(datum("(initrd #f)")).initrd, std::nullopt);
    EXPECT_EQ(read("(boot-parameters (version 0) (label \"x\") (root-device \"r\") (kernel "
                   "\"/gnu/store/abc-linux-libre-4.1\"))")
                  .kernel,
              "/gnu/store/abc-linux-libre-4.1");
}

TEST(BootParameters, GiveAPrefixItsSlash) {
    EXPECT_EQ(read(datum("(store (directory-prefix \"@root\"))")).store.directory_prefix, "/@root");
    EXPECT_EQ(read(datum("(store (directory-prefix \"\"))")).store.directory_prefix, std::nullopt);
}

TEST(BootParameters, OfTheHurdHaveModules) {
    const GuixParameters parameters = read(datum(
        R"((multiboot-modules (("/gnu/store/h/ext2fs.static" "ext2fs" "--c='${kernel-command-line}'")
                               ("/gnu/store/h/exec.static"))))",
        UUID16("ext2")));
    const std::vector<std::vector<std::string>> wanted = {
        {"/gnu/store/h/ext2fs.static", "ext2fs", "--c='${kernel-command-line}'"},
        {"/gnu/store/h/exec.static"}};
    EXPECT_EQ(parameters.multiboot_modules, wanted);
}

TEST(BootParameters, ReplaceIllFormedUtf8) {
    const GuixParameters parameters = read(
        "(boot-parameters (version 1) (label \"caf\xe9 \xc3\xa9 \\xe9\") (root-device \"r\") "
        "(kernel \"/k\xff\"))");
    EXPECT_EQ(parameters.label, "caf\xef\xbf\xbd \xc3\xa9 \xc3\xa9");
    EXPECT_EQ(parameters.kernel, "/k\xef\xbf\xbd");
}

TEST(GuixCommandLine, BeginsWithRootAndSystem) {
    const GuixParameters one = read(datum("(kernel-arguments (\"quiet\" \"a b\" \"\"))"));
    EXPECT_EQ(guix_command_line(one, "/var/guix/profiles/system-3-link"),
              "root=my-root gnu.system=/var/guix/profiles/system-3-link "
              "gnu.load=/var/guix/profiles/system-3-link/boot quiet a b ");
}

TEST(GuixCommandLine, HasTheNamesOfItsVersion) {
    const GuixParameters zero = read(datum("(kernel-arguments (\"quiet\"))", "\"my-root\"", 0));
    EXPECT_EQ(guix_command_line(zero, "/p/system-3-link"),
              "--root=my-root --system=/p/system-3-link --load=/p/system-3-link/boot quiet");
}

TEST(GuixCommandLine, KnowsRootsThatAreNoDevice) {
    for (const int version : {0, 1}) {
        const std::string system =
            version == 0 ? "--system=/l --load=/l/boot" : "gnu.system=/l gnu.load=/l/boot";
        EXPECT_EQ(guix_command_line(read(datum("", "\"tmpfs\"", version)), "/l"),
                  "rootfstype=tmpfs " + system);
        EXPECT_EQ(guix_command_line(read(datum("", "\"none\"", version)), "/l"), system);
    }
}

}  // namespace
}  // namespace cordwainer
