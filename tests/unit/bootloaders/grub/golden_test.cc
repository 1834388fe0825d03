// Plans for each combination of firmware, disk and volume: request in, plan out.
//
// The expected plans lie in tests/golden/grub/, each with its menu as a file of its own, so that a
// person can read it. CORDWAINER_ACCEPT=1 rewrites them.
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "model/plan_json.h"
#include "tests/unit/bootloaders/grub/programs.h"
#include "tests/unit/bootloaders/grub/scenario.h"

namespace cordwainer::grub::testing {
namespace {

struct Golden {
    std::string name;
    std::function<Scenario()> make;
};

void PrintTo(const Golden& golden, std::ostream* out) {
    *out << golden.name;
}

Volume in_luks(LuksContainer container) {
    Volume volume = ext4_on_gpt();
    volume.layers.emplace_back(std::move(container));
    return volume;
}

// Generations as Guix has them on an encrypted root: no device, one container.
Scenario encrypted(LuksContainer container) {
    Scenario scenario(in_luks(std::move(container)));
    scenario.package.add_luks_modules();
    for (Generation& generation : scenario.generations) {
        generation.parameters.store.device = std::monostate{};
        generation.parameters.store.crypto_devices = {uuid(kLuksUuid)};
    }
    scenario.add_gpt_disk();
    return scenario;
}

Scenario bios_gpt() {
    Scenario scenario;
    scenario.add_gpt_disk();
    return scenario;
}

Scenario bios_mbr() {
    Volume root = ext4_on_gpt();
    root.layers = {PartitionTable{PartitionTable::Kind::mbr}};
    Scenario scenario(root);
    scenario.add_mbr_disk();
    return scenario;
}

Scenario bios_single_slot() {
    Scenario scenario;
    scenario.add_mbr_disk(62);
    scenario.set("single-slot", flag(true));
    return scenario;
}

Scenario uefi_x64() {
    Scenario scenario;
    scenario.add_esp();
    return scenario;
}

Scenario uefi_ia32_x64() {
    Scenario scenario;
    scenario.add_esp();
    scenario.set("platforms", texts({"x86_64-efi", "i386-efi"}));
    return scenario;
}

Scenario uefi_arm64() {
    Scenario scenario;
    scenario.add_esp();
    scenario.set("platforms", texts({"arm64-efi"}));
    scenario.set("serial", table({{"unit", number(0)}}));
    scenario.generations.back().parameters.device_tree = boot_file("/gnu/store/2-linux/board.dtb");
    return scenario;
}

Scenario uefi_firmware_entry() {
    Scenario scenario;
    scenario.add_esp("/efi");
    scenario.add_esp("/efi2");
    scenario.set("removable", flag(false));
    scenario.set("firmware-title", text("My System"));
    return scenario;
}

Scenario bios_and_uefi() {
    Scenario scenario;
    scenario.add_esp();
    scenario.add_gpt_disk();
    return scenario;
}

Scenario files_only() {
    return Scenario();
}

Scenario luks1_root() {
    return encrypted(luks1());
}

Scenario luks2_pbkdf2_root() {
    Scenario scenario = encrypted(luks2({"pbkdf2", "argon2id"}));
    scenario.set("serial", table({{"unit", number(1)}, {"speed", number(9600)}}));
    return scenario;
}

// What GRUB cannot read is copied to a /boot that it can.
Scenario argon2_with_boot() {
    Scenario scenario(in_luks(luks2({"argon2id"})));
    scenario.package.add_luks_modules();
    for (Generation& generation : scenario.generations) {
        generation.parameters.store.device = std::monostate{};
        generation.parameters.store.crypto_devices = {uuid(kLuksUuid)};
    }
    scenario.mount("/boot", ext4_on_gpt(kOtherUuid));
    scenario.put_files_on("/boot/grub");
    scenario.add_gpt_disk();
    return scenario;
}

Scenario btrfs_subvolume() {
    Scenario scenario({.layers = {PartitionTable{PartitionTable::Kind::gpt}},
                       .file_system = "btrfs",
                       .features = {"skinny-metadata", "no-holes", "free-space-tree"},
                       .uuid = uuid(kRootUuid),
                       .label = std::nullopt},
                      "/@root");
    scenario.package.add_modules({"btrfs", "zstd"});
    for (Generation& generation : scenario.generations) {
        generation.parameters.store.directory_prefix = "/@root";
    }
    // An older generation on another subvolume keeps it.
    scenario.generations.front().parameters.store.directory_prefix = "/@old";
    scenario.add_esp();
    return scenario;
}

Scenario lvm_root() {
    Volume root = ext4_on_gpt();
    root.layers.emplace_back(LogicalVolume{.group_uuid = "aaaaaa-1111-2222-3333-4444-5555-bbbbbb",
                                           .volume_uuid = "cccccc-1111-2222-3333-4444-5555-dddddd",
                                           .type = "linear"});
    Scenario scenario(root);
    scenario.package.add_modules({"diskfilter", "lvm"});
    scenario.add_gpt_disk();
    return scenario;
}

Scenario mdraid_root() {
    Volume root = ext4_on_gpt();
    root.layers.emplace_back(
        RaidArray{.uuid = "0123456789abcdef0123456789abcdef", .level = "raid5", .metadata = "1.2"});
    Scenario scenario(root);
    scenario.package.add_modules({"diskfilter", "mdraid1x", "raid5rec"});
    scenario.add_gpt_disk();
    return scenario;
}

Scenario luks_on_raid_with_lvm() {
    Volume root = ext4_on_gpt();
    root.layers.emplace_back(
        RaidArray{.uuid = "0123456789abcdef0123456789abcdef", .level = "raid1", .metadata = "1.0"});
    root.layers.emplace_back(luks1());
    root.layers.emplace_back(LogicalVolume{.group_uuid = "aaaaaa-1111-2222-3333-4444-5555-bbbbbb",
                                           .volume_uuid = "cccccc-1111-2222-3333-4444-5555-dddddd",
                                           .type = "raid1"});
    Scenario scenario(root);
    scenario.package.add_luks_modules();
    scenario.package.add_modules({"diskfilter", "lvm", "mdraid1x"});
    scenario.add_gpt_disk();
    return scenario;
}

// GRUB names a pool by its label; its paths begin with the dataset.
Scenario zfs_root() {
    Scenario scenario({.layers = {PartitionTable{PartitionTable::Kind::gpt}},
                       .file_system = "zfs_member",
                       .features = {},
                       .uuid = std::nullopt,
                       .label = "rpool"},
                      "/ROOT/system@");
    scenario.package.add_modules({"search_label", "zfs"});
    for (Generation& generation : scenario.generations) {
        generation.parameters.store.device = std::monostate{};
    }
    scenario.add_esp();
    return scenario;
}

Scenario store_by_label_and_nfs() {
    Scenario scenario;
    scenario.generations.front().parameters.store.device = NfsExport{"server:/export"};
    scenario.generations.back().parameters.store.device = FileSystemLabel{"root"};
    scenario.add_gpt_disk();
    return scenario;
}

// A store on a file system that is not there now is found by its UUID; one that nothing is known
// of, by its kernel.
Scenario unknown_volumes() {
    Scenario scenario;
    scenario.generations.front().parameters.store.device = uuid(kOtherUuid);
    scenario.generations.front().parameters.store.crypto_devices = {uuid(kLuksUuid)};
    scenario.volumes.clear();
    scenario.generations.back().parameters.store.device = std::monostate{};
    scenario.add_gpt_disk();
    return scenario;
}

Scenario separate_store() {
    Scenario scenario;
    scenario.mount("/gnu", ext4_on_gpt(kOtherUuid));
    for (Generation& generation : scenario.generations) {
        generation.parameters.store.device = uuid(kOtherUuid);
        generation.parameters.store.mount_point = "/gnu";
    }
    scenario.add_gpt_disk();
    return scenario;
}

Scenario copied_kernels() {
    Scenario scenario;
    scenario.package.add_modules({"fat"});
    scenario.set("copy-kernels", flag(true));
    // Two generations with one kernel: one copy.
    scenario.generations.front().parameters.kernel = scenario.generations.back().parameters.kernel;
    scenario.add_esp();
    scenario.put_files_on("/boot/efi/grub");
    scenario.find_key("files")->value = std::string("/boot/efi/grub");
    return scenario;
}

Scenario hurd_multiboot() {
    Scenario scenario;
    BootParameters& parameters = scenario.generations.back().parameters;
    parameters.label = "GNU with the Hurd";
    parameters.kernel = boot_file("/gnu/store/2-gnumach/boot/gnumach");
    parameters.initrds.clear();
    parameters.command_line =
        "root=" + kRootUuid + " gnu.system=/var/guix/profiles/system-2-link noide";
    parameters.multiboot_modules = {
        {.file = boot_file("/gnu/store/2-hurd/hurd/ext2fs.static"),
         .arguments = {"ext2fs",
                       "--multiboot-command-line='${kernel-command-line}'",
                       "'${root}'",
                       "'$(task-create)'",
                       "'$(task-resume)'"}},
        {.file = boot_file("/gnu/store/2-libc/lib/ld.so.1"),
         .arguments = {"exec", "/gnu/store/2-hurd/hurd/exec", "'$(exec-task=task-create)'"}}};
    scenario.add_gpt_disk();
    return scenario;
}

Scenario xen_multiboot() {
    Scenario scenario;
    BootParameters& parameters = scenario.generations.back().parameters;
    parameters.label = "Xen";
    parameters.multiboot_modules = {
        {.file = parameters.kernel, .arguments = {"root=" + kRootUuid, "ro"}}};
    parameters.kernel = boot_file("/gnu/store/2-xen/boot/xen.gz");
    parameters.command_line = "dom0_mem=1G,max:1G";
    scenario.add_esp();
    return scenario;
}

Scenario every_option() {
    Scenario scenario;
    scenario.add_esp();
    scenario.add_gpt_disk();
    scenario.package.add_system_file("/etc/background.png");
    scenario.package.add_system_file("/boot/ucode.img");
    scenario.package.add_system_file("/boot/secrets.img");
    scenario.package.add("/usr/share/locale/de/LC_MESSAGES/grub.mo");
    scenario.package.add("/usr/bin/grub-mklayout");
    scenario.package.add("/usr/bin/ckbcomp");
    scenario.package.add("/usr/share/X11/xkb/rules/base");
    scenario.package.add("/usr/share/X11/xkb/symbols/de");
    scenario.mount("/boot", ext4_on_gpt(kOtherUuid));
    scenario.put_files_on("/boot/grub");
    scenario.set("platforms", texts({"x86_64-efi", "arm64-efi"}));
    scenario.set("default-generation", number(1));
    scenario.set("timeout", number(10));
    scenario.set("timeout-style", text("countdown"));
    scenario.set("serial",
                 table({{"unit", number(1)},
                        {"speed", number(9600)},
                        {"word", number(7)},
                        {"parity", text("even")},
                        {"stop", number(2)}}));
    scenario.set("gfxmode", text("1024x768,auto"));
    scenario.set("theme",
                 table({{"background", text("/etc/background.png")},
                        {"color-normal", text("light-gray/black")},
                        {"color-highlight", text("white/blue")},
                        {"menu-color-normal", text("cyan/black")},
                        {"menu-color-highlight", text("yellow/black")}}));
    scenario.set("keyboard-layout",
                 table({{"layout", text("de")},
                        {"variant", text("nodeadkeys")},
                        {"options", texts({"ctrl:nocaps", "compose:ralt"})}}));
    scenario.set("locale", text("de_DE.utf8"));
    scenario.set("microcode", texts({"/boot/ucode.img"}));
    scenario.set("extra-initrd", text("/boot/secrets.img"));
    scenario.set("superuser",
                 table({{"name", text("root")},
                        {"password-hash", text("grub.pbkdf2.sha512.1000.70F8.0EC1")}}));
    scenario.set(
        "menu-entries",
        list({table({{"label", text("Debian")},
                     {"device", table({{"uuid", text(kOtherUuid)}})},
                     {"crypto-devices", texts({kLuksUuid.c_str()})},
                     {"linux", text("/boot/vmlinuz")},
                     {"command-line", text("root=/dev/sda2 ro quiet")},
                     {"initrds", texts({"/boot/initrd.img"})},
                     {"device-tree", text("/boot/board.dtb")}}),
              table({{"label", text("Another Hurd")},
                     {"device", table({{"label", text("hurd")}})},
                     {"multiboot", text("/boot/gnumach.gz")},
                     {"command-line", text("root=device:hd1s1")},
                     {"modules", list({texts({"/hurd/ext2fs.static", "ext2fs", "--readonly"})})}}),
              table({{"label", text("Another loader")},
                     {"device", table({{"file", text("/bootmgr")}})},
                     {"chainload", text("+1")}}),
              table({{"label", text("Second disk")}, {"chainload", text("(hd1)+1")}}),
              table({{"label", text("An EFI program")}, {"efi", text("/EFI/tool/tool.efi")}})}));
    return scenario;
}

Scenario hidden_and_locked() {
    Scenario scenario;
    scenario.add_gpt_disk();
    scenario.set("timeout-style", text("hidden"));
    scenario.set("timeout", number(0));
    scenario.set("default-position", number(1));
    scenario.set("max-generations", number(2));
    scenario.set("firmware-setup", flag(false));
    scenario.set("terminal-inputs", texts({"console"}));
    scenario.set("terminal-outputs", texts({"console"}));
    scenario.set("superuser",
                 table({{"name", text("root")},
                        {"password-hash", text("grub.pbkdf2.sha512.1000.70F8.0EC1")},
                        {"lock-entries", flag(true)}}));
    scenario.generations.push_back(guix_generation(3));
    return scenario;
}

Scenario nasty_texts() {
    Scenario scenario;
    scenario.add_gpt_disk();
    BootParameters& first = scenario.generations.front().parameters;
    BootParameters& second = scenario.generations.back().parameters;
    first.label =
        "--id=x $root ${prefix} 'b' \"c\" ; { d } | & < > \\e # (f) * ? ~ ` ! $(halt) %s \xc3\xa9";
    second.label = "one\n} menuentry 'two' { halt\n}\n#three\r\x07\xff";
    first.command_line = "a='b' c=\"d e\" \"f=g h\" i=\\j  k=$root l={m;n} o=\n#p ";
    second.kernel = boot_file("/gnu/store/it's $a {linux};/bz Image");
    return scenario;
}

const std::vector<Golden>& goldens() {
    static const std::vector<Golden> all{
        {"bios-gpt", bios_gpt},
        {"bios-mbr", bios_mbr},
        {"bios-single-slot", bios_single_slot},
        {"uefi-x64", uefi_x64},
        {"uefi-ia32-x64", uefi_ia32_x64},
        {"uefi-arm64", uefi_arm64},
        {"uefi-firmware-entry", uefi_firmware_entry},
        {"bios-and-uefi", bios_and_uefi},
        {"files-only", files_only},
        {"luks1", luks1_root},
        {"luks2-pbkdf2", luks2_pbkdf2_root},
        {"luks2-argon2-copied", argon2_with_boot},
        {"btrfs-subvolume", btrfs_subvolume},
        {"lvm", lvm_root},
        {"mdraid", mdraid_root},
        {"luks-on-raid-with-lvm", luks_on_raid_with_lvm},
        {"zfs", zfs_root},
        {"label-and-nfs", store_by_label_and_nfs},
        {"unknown-volumes", unknown_volumes},
        {"separate-store", separate_store},
        {"copied-kernels", copied_kernels},
        {"hurd", hurd_multiboot},
        {"xen", xen_multiboot},
        {"every-option", every_option},
        {"hidden-and-locked", hidden_and_locked},
        {"nasty-texts", nasty_texts},
    };
    return all;
}

class GoldenPlan : public ::testing::TestWithParam<Golden> {};

void expect_golden(const std::string& file_name, const std::string& actual) {
    const std::filesystem::path path =
        std::filesystem::path(CORDWAINER_SOURCE_DIR) / "tests/golden/grub" / file_name;
    if (std::getenv("CORDWAINER_ACCEPT")) {
        std::ofstream(path, std::ios::binary) << actual;
        return;
    }
    EXPECT_EQ(read_file(path), actual)
        << "if the change is meant, run the test with CORDWAINER_ACCEPT=1 and look at the diff";
}

TEST_P(GoldenPlan, IsAsRecorded) {
    const auto plan = GetParam().make().plan();
    ASSERT_TRUE(plan) << plan.error().message();
    expect_golden(GetParam().name + ".plan.json", render_plan(*plan));
    const std::string menu = menu_of(*plan);
    expect_golden(GetParam().name + ".grub.cfg", menu);
    EXPECT_EQ(script_errors(menu), "");
}

TEST_P(GoldenPlan, IsTheSameEachTime) {
    const auto first = GetParam().make().plan();
    const auto second = GetParam().make().plan();
    ASSERT_TRUE(first) << first.error().message();
    ASSERT_TRUE(second);
    EXPECT_EQ(render_plan(*first), render_plan(*second));
}

INSTANTIATE_TEST_SUITE_P(Grub, GoldenPlan, ::testing::ValuesIn(goldens()), [](const auto& golden) {
    std::string name = golden.param.name;
    std::ranges::replace(name, '-', '_');
    return name;
});

}  // namespace
}  // namespace cordwainer::grub::testing
