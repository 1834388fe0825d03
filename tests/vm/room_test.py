"""An EFI system partition, or one for GRUB, that is too small for the next generation.

What may go wrong: a byte is written before it is known that there is no room; the machine does not
boot any more what it booted; what is said to be missing, or to be freed, is not; a generation goes
that must stay, or goes in vain; it goes before the menu without it is in its place; its files stay,
or those that others need go too."""

import json
import os
import re
import shutil

from harness import layouts, living, system
from harness.cpio import Archive
from harness.machine import BIOS, UEFI
from harness.system import GuixGeneration
from install_test import ESP_UUID, SYSTEMD_BOOT
from switch_test import configure
from systemd_boot_test import esp_offset

MIB = 1 << 20
HASH = f"sync; echo 3 >/proc/sys/vm/drop_caches; sha256sum $(findfs UUID={ESP_UUID})"


def generation(lab, number):
    """All have one kernel; each has an initrd of its own, of one size."""
    padding = Archive()
    padding.add(f"padding-{number}", os.urandom(MIB))
    return GuixGeneration(number, living.linux(lab), living.initrd(lab) + padding.bytes(),
                          f"Living, try {number}", ["console=ttyS0", "quiet", f"try={number}"])


def tree_with_two(lab, config, mounts):
    """A system with generations 1 and 2, and a third in its store: the tree, the command that makes
    the third a generation, and the MiB of a kernel and of an initrd."""
    tree = lab.tree()
    living.furnish(lab, tree, mounts=mounts)
    shutil.copytree("/usr/lib/systemd/boot/efi", tree / "usr/lib/systemd/boot/efi")
    generations = [generation(lab, number) for number in (1, 2, 3)]
    system.add_guix_generations(tree, generations, current=2)
    link = tree / "var/guix/profiles/system-3-link"
    third = os.readlink(link)
    link.unlink()
    system.add_config(tree, config)
    add_third = ("cd /var/guix/profiles; "
                 f"ln -s {third} system-3-link; ln -sfn system-3-link system")
    return tree, add_third, len(generations[0].kernel) / MIB, len(generations[0].initrd) / MIB


def full_disk(lab):
    """A living machine whose ESP has generations 1 and 2, and room for half of 3. The disk, the
    command that adds the third, and the MiB of an initrd."""
    tree, add_third, kernel, initrd = tree_with_two(
        lab, SYSTEMD_BOOT, [f"UUID={ESP_UUID} /boot/efi vfat rw,umask=077,noatime 0 2"])
    esp = layouts.ESP.replace("48MiB", f"{round(kernel + 2.5 * initrd)}MiB")
    esp += f'file-system-uuid = "{ESP_UUID}"\n'
    disk = lab.image(layouts.image() + esp + layouts.root(tree, size="content + 64MiB"))
    return disk, add_third, initrd


def mebibytes(pattern, text):
    found = re.search(pattern + r"(\d+\.\d) MiB", text)
    assert found, (pattern, text)
    return float(found.group(1))


def free(machine, place="/boot/efi"):
    """MiB that are free there."""
    line = machine.run(f"df -k {place}").splitlines()[-1]
    return int(line.split()[3]) / 1024


def is_sound(lab, disk):
    """Fails where another program finds something wrong with the ESP."""
    esp = lab.folder / "esp.img"
    lab.run("dd", f"if={disk}", f"of={esp}", "bs=1M", f"skip={esp_offset(lab, disk) // MIB}")
    lab.run("fsck.fat", "-n", esp)


def boots(disk, number):
    """Fails where another generation boots."""
    with living.start(disk, UEFI) as machine:
        assert f"try={number}" in machine.command_line, machine.command_line
        machine.stop()


def test_a_full_esp_is_refused_before_the_first_byte(lab):
    disk, add_third, initrd = full_disk(lab)
    with living.start(disk, UEFI) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        assert "nothing to do" in machine.run("cordwainer install")
        machine.run(add_third)
        before, room = machine.run(HASH), free(machine)
        planned = machine.run("cordwainer plan")
        assert "installing is refused" in planned and "cordwainer delete 1\n" in planned, planned

        refused = machine.run("cordwainer install", status=1)
        assert "target esp (/boot/efi) needs" in refused, refused
        # What is missing is the initrd and a little, and not the kernel, which is there.
        missing = mebibytes("free: ", refused)
        assert abs(initrd - room - missing) < 0.5, (initrd, room, refused)
        # The initrd of 1, and not the kernel, which 2 needs too.
        frees = mebibytes(r"\n +1  ", refused)
        assert abs(initrd - frees) < 0.2, (initrd, refused)
        assert "cordwainer delete 1\n" in refused, refused
        assert "cordwainer install --make-room\n" in refused, refused

        told = json.loads(machine.run("cordwainer install --json 2>/dev/null", status=1))
        assert told["error"]["code"] == "no_space", told
        assert told["room"]["enough"] == [1], told
        assert told["room"]["volumes"][0]["targets"] == ["esp"], told

        # The other one runs, so that none may go.
        machine.run("cordwainer pin 1")
        refused = machine.run("cordwainer install --make-room", status=1)
        assert "No generation may be deleted" in refused and "Pinned are: 1" in refused, refused
        machine.run("cordwainer unpin 1")

        assert machine.run(HASH) == before
        machine.run("[ -L /var/guix/profiles/system-1-link ]")
        machine.stop()
    is_sound(lab, disk)

    # The menu is the one that it was.
    with living.start(disk, UEFI) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        room = free(machine)
        printed = machine.run("cordwainer install --make-room")
        assert re.search(r"are deleted:\n +1  Living, try 1\n", printed), printed
        assert "deleted: 1\n" in printed and "by default 3 boots" in printed, printed
        machine.run("[ ! -L /var/guix/profiles/system-1-link ]")
        machine.run("grep -rq try=1 /boot/efi/loader", status=1)
        machine.run("grep -rq try=2 /boot/efi/loader && grep -rq try=3 /boot/efi/loader")
        # One initrd went and another of the same size came.
        assert abs(free(machine) - room) < 0.5, (free(machine), room)
        assert "nothing to do" in machine.run("cordwainer install --make-room")
        assert "as they were written" in machine.run("cordwainer verify")
        machine.stop()
    is_sound(lab, disk)
    boots(disk, 3)


def test_what_is_said_to_be_deleted_is_enough(lab):
    """By hand, as the message says; and the plan's peak is what the run takes, not more."""
    disk, add_third, _ = full_disk(lab)
    with living.start(disk, UEFI) as machine:
        machine.run(add_third)
        refused = machine.run("cordwainer install", status=1)
        needed = mebibytes("needs ", refused)
        # The deletion needs no room at all: neither for the new generation, which it leaves for
        # later, nor for the inventory, since what frees comes first.
        machine.run("dd if=/dev/zero of=/boot/efi/other bs=1k 2>/dev/null; sync")
        assert free(machine) == 0
        printed = machine.run("cordwainer delete 1")
        assert "deleted: 1\n" in printed, printed
        machine.run("rm /boot/efi/other")
        machine.run("grep -rq try=3 /boot/efi/loader", status=1)
        # As much as is needed is left, and half a MiB for the tenths that are shown above.
        spare = int((free(machine) - needed - 0.5) * 1024)
        assert spare > 0, (free(machine), needed)
        machine.run(f"dd if=/dev/zero of=/boot/efi/other bs=1k count={spare}; sync")
        assert "by default 3 boots" in machine.run("cordwainer install")
        assert free(machine) < 2, free(machine)
        machine.run("rm /boot/efi/other")
        machine.stop()
    is_sound(lab, disk)
    boots(disk, 3)


def test_a_boot_asked_for_once_is_kept_where_there_is_no_room(lab):
    """The menu that does not fit has not got it."""
    disk, add_third, _ = full_disk(lab)
    with living.start(disk, UEFI) as machine:
        machine.run("cordwainer switch --once 1")
        machine.run(f"{add_third}; echo 'max-generations = 2' >>/etc/cordwainer/config.toml")
        refused = machine.run("cordwainer install", status=1)
        assert "target esp (/boot/efi) needs" in refused and "given up" not in refused, refused
        shown = machine.run("cordwainer status")
        assert "Boots next: generation 1" in shown and "for one boot" in shown, shown
        machine.stop()


def test_switch_makes_room_too(lab):
    disk, add_third, _ = full_disk(lab)
    with living.start(disk, UEFI) as machine:
        machine.run(add_third)
        machine.run("ln -sfn system-2-link /var/guix/profiles/system")
        refused = machine.run("cordwainer switch 3", status=1)
        assert "cordwainer switch 3 --make-room\n" in refused, refused
        assert "system-2-link" in machine.run("readlink /var/guix/profiles/system")
        told = json.loads(machine.run("cordwainer switch 3 --make-room --json 2>/dev/null"))
        assert told["deleted"] == [1] and told["generation"] == 3, told
        assert "system-3-link" in machine.run("readlink /var/guix/profiles/system")
        machine.stop()
    boots(disk, 3)


GRUB_ON_ESP = """\
bootloader = "grub"

[grub]
files = "/boot/efi/grub"
esp = "/boot/efi"
copy-kernels = true
timeout = 0
"""


def test_what_is_installed_as_recorded_makes_room_too(lab):
    """Generation 2 was installed with a GRUB that is gone by now, beside which systemd-boot has all
    three."""
    tree, add_third, kernel, initrd = tree_with_two(
        lab, GRUB_ON_ESP, [f"UUID={ESP_UUID} /boot/efi vfat rw,umask=077,noatime 0 2"])
    esp = layouts.ESP.replace("48MiB", f"{round(2 * kernel + 6 * initrd + 32)}MiB")
    esp += f'file-system-uuid = "{ESP_UUID}"\n'
    disk = lab.image(layouts.image() + esp + layouts.root(tree, size="content + 96MiB"))
    with living.start(disk, UEFI) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        machine.run(add_third)
        configure(machine, SYSTEMD_BOOT)
        assert "systemd-boot is installed" in machine.run("cordwainer install")
        machine.run("rm -r /usr/lib/grub /usr/bin/grub-mkimage")
        fill = "dd if=/dev/zero of=/boot/efi/other bs=1k count={}; sync"
        machine.run(fill.format(int((free(machine) - 1) * 1024)))
        refused = machine.run("cordwainer switch 2", status=1)
        needed = mebibytes("need ", refused)
        machine.run("rm /boot/efi/other; sync")
        machine.run(fill.format(int((free(machine) - needed + initrd / 2) * 1024)))
        refused = machine.run("cordwainer switch 2", status=1)
        assert "cordwainer delete 1\n" in refused, refused
        assert "cordwainer switch 2 --make-room\n" in refused, refused
        assert "nothing to do" in machine.run("cordwainer install")

        printed = machine.run("cordwainer switch 2 --make-room")
        assert "deleted: 1\n" in printed and "what was recorded" in printed, printed
        assert "grub is installed" in printed, printed
        machine.run("[ -z \"$(find /boot/efi/loader -name '*.conf' 2>/dev/null)\" ]")
        machine.stop()
    is_sound(lab, disk)
    boots(disk, 2)


BOOT_UUID = "7d0e3b41-52c8-4f7e-9a16-0c5b8e2d9f30"
GRUB = """\
bootloader = "grub"

[grub]
files = "/boot/grub"
disk = "/dev/vda"
copy-kernels = true
timeout = 0
"""


def test_a_full_boot_partition_of_grub(lab):
    tree, add_third, _, initrd = tree_with_two(
        lab, GRUB, [f"UUID={BOOT_UUID} /boot ext4 rw,noatime 0 2"])
    boot = ('[[partition]]\ntype = "linux"\nsize = "content + 32MiB"\nfile-system = "ext4"\n'
            f'mount = "/boot"\nfile-system-uuid = "{BOOT_UUID}"\n')
    disk = lab.image(layouts.image() + layouts.BIOS_BOOT + boot
                     + layouts.root(tree, size="content + 64MiB"))
    files = "find /boot -type f -exec sha256sum {} + | sort"
    with living.start(disk, BIOS) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        machine.run(add_third)
        filler = int((free(machine, "/boot") - initrd / 2) * 1024)
        machine.run(f"dd if=/dev/zero of=/boot/other bs=1k count={filler}; sync")
        before = machine.run(files)
        refused = machine.run("cordwainer install", status=1)
        assert "target files (/boot/grub) needs" in refused, refused
        assert abs(initrd - mebibytes(r"\n +1  ", refused)) < 0.2, (initrd, refused)
        assert "cordwainer delete 1\n" in refused, refused
        assert machine.run(files) == before
        printed = machine.run("cordwainer install --make-room")
        assert "deleted: 1\n" in printed and "by default 3 boots" in printed, printed
        machine.run("grep -rq try=1 /boot/grub", status=1)
        assert "as they were written" in machine.run("cordwainer verify")
        machine.stop()
    with living.start(disk, BIOS) as machine:
        assert "try=3" in machine.command_line, machine.command_line
        machine.stop()
