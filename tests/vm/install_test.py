"""A machine that is installed on while it lives: from generation to generation, and back."""

import shutil

from harness import layouts, living, system
from harness.machine import BIOS, UEFI
from harness.system import GuixGeneration

CONFIG = """\
bootloader = "grub"

[grub]
files = "/boot/grub"
disk = "/dev/vda"
timeout = 0
"""


def next_generation(number):
    """Adds a generation that is the one before it with another command line."""
    before = number - 1
    return (f"cd /var/guix/profiles; old=$(readlink system-{before}-link); new=$old-{number}; "
            f"mkdir $new; sed s/try={before}/try={number}/ $old/parameters >$new/parameters; "
            f"ln -s $new system-{number}-link; ln -sfn system-{number}-link system")


NEXT_GENERATION = next_generation(2)


def generations(lab, *numbers, file_systems=()):
    linux, initrd = living.linux(lab), living.initrd(lab, file_systems=file_systems)
    return [GuixGeneration(number, linux, initrd, f"Living, try {number}",
                           ["console=ttyS0", "quiet", f"try={number}"]) for number in numbers]


def installs_the_next(disk, firmware):
    """Fails where the machine, booted from generation 1, does not install and then boot the next."""
    with living.start(disk, firmware) as machine:
        assert "try=1" in machine.command_line, machine.command_line
        assert "nothing to do" in machine.run("cordwainer install")
        machine.run(NEXT_GENERATION)
        printed = machine.run("cordwainer install")
        assert "by default 2 boots" in printed, printed
        assert "nothing to do" in machine.run("cordwainer install")
        machine.stop()
    with living.start(disk, firmware) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        machine.stop()


def bios_disk(lab, config=CONFIG):
    """A living machine on one ext4, installed by making its image."""
    tree = lab.tree()
    living.furnish(lab, tree)
    system.add_guix_generations(tree, generations(lab, 1))
    system.add_config(tree, config)
    return lab.image(layouts.image() + layouts.BIOS_BOOT
                     + layouts.root(tree, size="content + 64MiB"))


def test_a_new_generation_boots_and_the_old_one_too(lab):
    disk = bios_disk(lab, CONFIG.replace("timeout = 0", "timeout = 3"))
    installs_the_next(disk, BIOS)
    with living.start(disk, BIOS, choose=(1, 0)) as machine:
        assert "try=1" in machine.command_line, machine.command_line
        machine.stop()


def test_damage_is_found_and_repaired(lab):
    module = "/boot/grub/cordwainer/*/i386-pc/linux.mod"
    with living.start(bios_disk(lab), BIOS) as machine:
        assert "as they were written" in machine.run("cordwainer verify")
        # One byte in the middle, the size and the time of change as they were; and a lost file.
        machine.run(f"cp -p {module} /tmp/good; printf X | dd of=$(echo {module}) bs=1 seek=2000 "
                    "conv=notrunc; rm /boot/grub/grub.cfg")
        found = machine.run("cordwainer verify", status=1)
        assert "linux.mod on target files is not what was written" in found, found
        assert "grub.cfg on target files is missing" in found, found
        # The boot sector's code, as another loader's installer would leave it.
        machine.run("dd if=/dev/zero of=/dev/vda bs=1 count=64 seek=100 conv=notrunc")
        found = machine.run("cordwainer verify", status=1)
        assert "the boot code of target disk" in found, found
        assert "repaired" in machine.run("cordwainer verify --repair")
        machine.run(f"cmp {module} /tmp/good")
        assert "as they were written" in machine.run("cordwainer verify")
        machine.stop()


SYSTEMD_BOOT = 'bootloader = "systemd-boot"\n[systemd-boot]\nesp = "/boot/efi"\ntimeout = 0\n'
ESP_UUID = "3C1A-9D52"


def test_systemd_boot_on_a_mounted_esp(lab):
    tree = lab.tree()
    living.furnish(lab, tree, mounts=[f"UUID={ESP_UUID} /boot/efi vfat rw,umask=077 0 2"])
    shutil.copytree("/usr/lib/systemd/boot/efi", tree / "usr/lib/systemd/boot/efi")
    system.add_guix_generations(tree, generations(lab, 1))
    system.add_config(tree, SYSTEMD_BOOT)
    esp = layouts.ESP.replace("48MiB", "96MiB") + f'file-system-uuid = "{ESP_UUID}"\n'
    disk = lab.image(layouts.image() + esp + layouts.root(tree, size="content + 64MiB"))
    installs_the_next(disk, UEFI)
