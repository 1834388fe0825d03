// A small system with Guix's generations and a layout for its image, for tests of the pipeline.
#pragma once

#include <fmt/format.h>
#include <string>

#include "tests/support/system_tree.h"

namespace cordwainer::test {

// The tree is at /system, the layout at /layout.toml of one temporary directory.
class ImageSystem {
  public:
    ImageSystem() {
        tree_.directory("/system/boot/efi");
        tree_.file("/system/etc/hostname", "test\n");
        configure(
            "bootloader = \"grub\"\n[grub]\nfiles = \"/boot/grub\"\nesp = \"/boot/efi\"\n"
            "disk = \"/dev/sda\"\n");
        tree_.file("/layout.toml", R"(
[image]
table = "gpt"
[system]
root = "system"
owner = "root"
[[partition]]
type = "bios-boot"
size = "1MiB"
[[partition]]
type = "esp"
size = "8MiB"
file-system = "vfat"
mount = "/boot/efi"
[[partition]]
type = "linux"
size = "content + 8MiB"
file-system = "ext4"
file-system-label = "root"
mount = "/"
)");
    }

    void configure(const std::string& text) const {
        tree_.file("/system/etc/cordwainer/config.toml", text);
    }

    void add_generation(int number) const {
        const std::string store = "/gnu/store/" + std::string(32, 'a') + std::to_string(number);
        tree_.file("/system" + store + "-linux/bzImage", bzimage(fmt::format("6.{}.0", number)));
        tree_.file("/system" + store + "-initrd/initrd", fmt::format("initrd {}", number));
        tree_.file("/system" + store + "-system/parameters",
                   fmt::format("(boot-parameters (version 1) (label \"Label {0}\") (root-device "
                               "\"root\") (kernel \"{1}-linux/bzImage\") (kernel-arguments "
                               "(\"quiet\")) (initrd \"{1}-initrd/initrd\"))",
                               number,
                               store));
        const std::string profiles = "/system/var/guix/profiles/";
        tree_.link(fmt::format("{}system-{}-link", profiles, number), store + "-system");
        tree_.link(profiles + "system", fmt::format("system-{}-link", number));
    }

    [[nodiscard]] const SystemTree& tree() const { return tree_; }

    [[nodiscard]] std::string layout() const { return tree_.outside("/layout.toml"); }

    [[nodiscard]] std::string at(const std::string& name) const { return tree_.outside(name); }

  private:
    SystemTree tree_;
};

}  // namespace cordwainer::test
