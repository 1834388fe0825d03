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


def nothing_to_do(machine):
    """Fails where `plan` or `install` finds something to do, or where that makes a boot file, or writes
    anywhere but in the state directory and among the store's roots."""
    printed = machine.run("cordwainer plan")
    assert "nothing to do" in printed, printed
    machine.run("sync; sleep 1; touch /tmp/mark")
    assert "nothing to do" in machine.run("cordwainer install")
    changed = machine.run("find / $(awk '$3 == \"vfat\" { print $2 }' /proc/mounts) -xdev "
                          "-newer /tmp/mark ! -path '/tmp*'").split()
    noted = "/var/lib/cordwainer", "/var/guix"
    assert all(path.startswith(noted) for path in changed), changed
    made = [path for path in changed if "/objects" in path or "/recipes" in path]
    assert not made, made


def installs_the_next(disk, firmware):
    """Fails where the machine, booted from generation 1, does not install and then boot the next."""
    with living.start(disk, firmware) as machine:
        assert "try=1" in machine.command_line, machine.command_line
        nothing_to_do(machine)
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
        # What could not be installed now is verified all the same.
        machine.run("mv /usr/lib/grub /tmp/package; echo mistake >>/etc/cordwainer/config.toml; sync; "
                    "mount -o remount,ro /")
        assert "as they were written" in machine.run("cordwainer verify")
        machine.run("mount -o remount,rw /")
        machine.run("dd if=/dev/zero of=/dev/vda bs=1 count=64 seek=100 conv=notrunc")
        found = machine.run("cordwainer verify", status=1)
        assert "the boot code of target disk is not what was installed" in found, found
        machine.run("cordwainer verify --repair", status=1)
        machine.stop()


# What may be in the way of a file or a directory, which is /tmp/aside meanwhile; FAT has no links.
DIRECTORY = "mkdir {0}", "is a directory"
LINK = "cp -R /tmp/aside /elsewhere; ln -s /elsewhere {0}", "is a symbolic link to /elsewhere"


def refuses_what_is_in_the_way(machine, *cases):
    """Fails where a run does not end before its first byte while something is in the way at a place
    to which the run before has written."""
    machine.run(next_generation(2))
    for path, (make, what) in cases:
        # FAT's dates have two seconds.
        machine.run(f"mv {path} /tmp/aside; {make.format(path)}; sync; sleep 1; touch /tmp/mark; "
                    "sleep 2")
        for command in "plan", "install":
            printed = machine.run(f"cordwainer {command}", status=1)
            assert f"{path} {what}" in printed and "out of the way" in printed, printed
        changed = machine.run("find /boot $(ls -d /boot/efi /elsewhere 2>/tmp/none) -xdev "
                              "-newer /tmp/mark").split()
        assert not changed, changed
        machine.run(f"rm -rf {path} /elsewhere; mv /tmp/aside {path}")
    assert "by default 2 boots" in machine.run("cordwainer install")
    assert "as they were written" in machine.run("cordwainer verify")


def test_what_is_in_the_way_of_grub(lab):
    with living.start(bios_disk(lab), BIOS) as machine:
        menu = "/boot/grub/grub.cfg"
        refuses_what_is_in_the_way(machine, (menu, DIRECTORY), (menu, LINK),
                                   ("/boot/grub/cordwainer", LINK))
        machine.stop()


SYSTEMD_BOOT = 'bootloader = "systemd-boot"\n[systemd-boot]\nesp = "/boot/efi"\ntimeout = 0\n'
ESP_UUID = "3C1A-9D52"


def systemd_boot_disk(lab):
    tree = lab.tree()
    living.furnish(lab, tree, mounts=[f"UUID={ESP_UUID} /boot/efi vfat rw,umask=077 0 2"])
    shutil.copytree("/usr/lib/systemd/boot/efi", tree / "usr/lib/systemd/boot/efi")
    system.add_guix_generations(tree, generations(lab, 1))
    system.add_config(tree, SYSTEMD_BOOT)
    esp = layouts.ESP.replace("48MiB", "96MiB") + f'file-system-uuid = "{ESP_UUID}"\n'
    return lab.image(layouts.image() + esp + layouts.root(tree, size="content + 64MiB"))


def test_systemd_boot_on_a_mounted_esp(lab):
    installs_the_next(systemd_boot_disk(lab), UEFI)


def test_what_is_in_the_way_of_systemd_boot(lab):
    with living.start(systemd_boot_disk(lab), UEFI) as machine:
        entry = machine.run("ls /boot/efi/loader/entries/*").split()[-1]
        refuses_what_is_in_the_way(machine, ("/boot/efi/loader/loader.conf", DIRECTORY),
                                   (entry, DIRECTORY),
                                   ("/boot/efi/EFI/BOOT/BOOTX64.EFI", DIRECTORY))
        machine.stop()
