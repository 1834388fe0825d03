"""Entries of the firmware's own list: made once, in front of those of others, and booted from."""

import re

from harness import living
from harness.machine import UEFI
from install_test import NEXT_GENERATION, nothing_to_do
from switch_test import SYSTEMD_BOOT, configure, disk_with_esp

REMOVABLE = "/boot/efi/EFI/BOOT/BOOTX64.EFI"
VARIABLES = "/sys/firmware/efi/efivars"
STORED = f"{VARIABLES}/LoaderEntryDefault-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
GRUB = """\
bootloader = "grub"

[grub]
files = "/boot/grub"
esp = "/boot/efi"
timeout = 0
"""
ENTRY = "removable = false\n"

# Boot0042, active, "Other", on a partition that is not there; and a place at the end of the order.
# A variable is written at once, which a shell's own printf does not promise: hence the file.
OTHERS = (r"cd %s; printf '\007\0\0\0\001\0\0\0\112\0O\0t\0h\0e\0r\0\0\0"
          r"\004\001\052\0\001\0\0\0\0\010\0\0\0\0\0\0\0\0\003\0\0\0\0\0"
          r"\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020\002\002"
          r"\004\004\034\0\134\0E\0F\0I\0\134\0O\0T\0.\0E\0F\0I\0\0\0\177\377\004\0' >/tmp/entry; "
          r"dd if=/tmp/entry of=Boot0042-%s bs=4096; "
          r"(cat BootOrder-%s; printf '\102\0') >/tmp/order; "
          r"dd if=/tmp/order of=BootOrder-%s bs=4096" % (VARIABLES, GLOBAL, GLOBAL, GLOBAL))


def order(machine):
    """The numbers of BootOrder."""
    digits = machine.run(f"tail -c +5 {VARIABLES}/BootOrder-{GLOBAL} | od -An -v -tx2").split()
    return [int(number, 16) for number in digits]


def current(machine):
    # The first command's output follows the shell's greeting.
    printed = machine.run(f"tail -c +5 {VARIABLES}/BootCurrent-{GLOBAL} | od -An -tx2")
    return int(printed.split()[-1], 16)


def sums(machine):
    """What all boot entries and their order are, and when they were written."""
    return machine.run(f"cd {VARIABLES}; md5sum Boot[0-9O]*; stat -c '%n %Y %Z' Boot[0-9O]*")


def entries(machine, path):
    """The numbers of the entries that name the path."""
    wanted = "\0".join(path) + "\0"
    found = machine.run(f"cd {VARIABLES}; for f in Boot[0-9]*; do echo $f $(od -An -v -tx1 $f); done")
    numbers = []
    for line in found.splitlines():
        name, _, digits = line.partition(" ")
        if wanted in bytes.fromhex(digits).decode("latin-1"):
            numbers.append(int(name[4:8], 16))
    return numbers


def test_an_entry_boots_without_the_removable_path(lab):
    disk, variables = disk_with_esp(lab, GRUB), lab.folder / "variables"
    with living.start(disk, UEFI, variables=variables) as machine:
        nothing_to_do(machine)
        machine.run(OTHERS)
        before, others = order(machine), sums(machine)
        assert 0x42 in before, before
        configure(machine, GRUB + ENTRY)
        assert "firmware entry" in machine.run("cordwainer plan")
        assert "grub is installed" in machine.run("cordwainer install")
        assert "nothing to do" in machine.run("cordwainer plan")
        machine.run(f"test ! -e {REMOVABLE}")
        [ours] = entries(machine, r"\EFI\cordwainer\grubx64.efi")
        assert order(machine) == [ours, *before], order(machine)
        written = sums(machine)
        kept = [line for line in others.splitlines() if "BootOrder" not in line]
        assert all(line in written.splitlines() for line in kept), (others, written)
        assert "nothing to do" in machine.run("cordwainer install")
        machine.run(NEXT_GENERATION)
        assert "by default 2 boots" in machine.run("cordwainer install")
        assert sums(machine) == written
        machine.stop()
    with living.start(disk, UEFI, variables=variables) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        assert current(machine) == ours
        assert 0x42 in order(machine)
        written = sums(machine)
        assert "nothing to do" in machine.run("cordwainer install")
        assert sums(machine) == written

        # Another bootloader: its entry takes the place, the old one goes.
        configure(machine, SYSTEMD_BOOT + ENTRY)
        machine.run(r"printf '\007\0\0\0a\0.\0c\0\0\0' >/tmp/default; "
                    f"dd if=/tmp/default of={STORED} bs=64")
        printed = machine.run("cordwainer install")
        assert "systemd-boot is installed" in printed, printed
        assert 'had "a.c" stored as systemd-boot\'s default' in printed, printed
        machine.run(f"test ! -e {STORED}")
        assert "nothing to do" in machine.run("cordwainer install")
        assert entries(machine, r"\EFI\cordwainer\grubx64.efi") == []
        [new] = entries(machine, r"\EFI\cordwainer\systemd-bootx64.efi")
        now = order(machine)
        assert now[0] == new and 0x42 in now and (ours not in now or ours == new), now
        machine.stop()
    with living.start(disk, UEFI, variables=variables) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        assert current(machine) == new
        machine.stop()


def test_read_only_variables_fall_back_to_the_removable_path(lab):
    disk, variables = disk_with_esp(lab, GRUB), lab.folder / "variables"
    with living.start(disk, UEFI, variables=variables) as machine:
        machine.run(f"mount -o remount,ro {VARIABLES}")
        configure(machine, GRUB + ENTRY)
        printed = machine.run("cordwainer plan")
        assert "is read-only" in printed and "is put at EFI/BOOT" in printed, printed
        assert "firmware entry" not in printed, printed
        printed = machine.run("cordwainer install")
        assert re.search("Read-only file system; so the same program is at EFI/BOOT", printed), printed
        machine.run(f"cmp {REMOVABLE} /boot/efi/EFI/cordwainer/grubx64.efi")
        assert "nothing to do" in machine.run("cordwainer install")
        assert "nothing to do" in machine.run("cordwainer plan")
        printed = machine.run("cordwainer status", status=3)
        assert "only its copy EFI/BOOT/BOOTX64.EFI starts it" in printed, printed
        machine.run(NEXT_GENERATION)
        machine.run("cordwainer install")
        machine.stop()
    with living.start(disk, UEFI, variables=variables) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        # Now there is room: the copy goes.
        machine.run("cordwainer install")
        assert len(entries(machine, r"\EFI\cordwainer\grubx64.efi")) == 1
        machine.run(f"test ! -e {REMOVABLE}")

        # Another system has a file there: it stays, and that is told.
        machine.run("cordwainer install")
        machine.run(f"mkdir -p $(dirname {REMOVABLE}) && echo foreign >{REMOVABLE}")
        machine.run(f"umount {VARIABLES}")
        printed = machine.run("cordwainer install", status=3)
        assert "is not ours" in printed and "mount -t efivarfs" in printed, printed
        assert "foreign" in machine.run(f"cat {REMOVABLE}")
        machine.stop()


# Fills what the firmware has for variables, with ever smaller ones. One that does not fit leaves an
# empty file of its name.
FILL = (r"cd %s; number=0; size=30000; while [ $size -gt 8 ]; do "
        r"(printf '\007\0\0\0'; head -c $size /dev/zero) >/tmp/filling; number=$((number + 1)); "
        r"dd if=/tmp/filling of=Filling$number-d1f6a5c2-3b1e-4c79-9f0a-6be2a8d43e57 bs=65536 "
        r"2>/tmp/why || size=$((size / 2)); done; grep 'No space' /tmp/why" % VARIABLES)
EMPTY = f"cd {VARIABLES}; chattr -i Filling*; rm Filling*"


def test_full_variables_fall_back_to_the_removable_path(lab):
    disk, variables = disk_with_esp(lab, GRUB, programs=["/usr/bin/chattr"]), lab.folder / "variables"
    with living.start(disk, UEFI, variables=variables) as machine:
        machine.run(OTHERS)
        machine.run(FILL)
        before = sums(machine)
        configure(machine, GRUB + ENTRY)
        printed = machine.run("cordwainer install")
        assert re.search("No space left on device.*so the same program is at EFI/BOOT", printed), printed
        machine.run(f"cmp {REMOVABLE} /boot/efi/EFI/cordwainer/grubx64.efi")
        assert sums(machine) == before
        assert "nothing to do" in machine.run("cordwainer install")
        machine.stop()
    with living.start(disk, UEFI, variables=variables) as machine:
        # There is room again: the entry is made, and the copy goes.
        machine.run(EMPTY)
        before = order(machine)
        machine.run("cordwainer install")
        [ours] = entries(machine, r"\EFI\cordwainer\grubx64.efi")
        assert order(machine) == [ours, *before], (before, order(machine))
        machine.run(f"test ! -e {REMOVABLE}")
        machine.stop()
    with living.start(disk, UEFI, variables=variables) as machine:
        assert current(machine) == ours
        machine.stop()
