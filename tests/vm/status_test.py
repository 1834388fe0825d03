"""A living machine is asked what boots next, and whether all is as it was installed."""

import json

from firmware_test import ENTRY, GLOBAL, GRUB, OTHERS, VARIABLES, entries
from harness import living
from harness.machine import UEFI
from install_test import NEXT_GENERATION, bios_disk
from mirror_test import ESPS, mirrored_image
from switch_test import configure, disk_with_esp


def status(machine, ended, *texts):
    shown = machine.run("cordwainer status", status=ended)
    for text in texts:
        assert text in shown, (text, shown)


def test_damage_is_seen_without_reading(lab):
    with living.start(bios_disk(lab)) as machine:
        machine.run("sleep 1; touch /tmp/mark")
        status(machine, 0, "Boots next: generation 1, through grub", "current generation",
               "Runs now: generation 1, which could be booted again",
               "files (/boot/grub): as installed", "disk (/dev/vda): as installed",
               "Everything is as it was installed.")
        assert not machine.run("find /boot /etc /var -newer /tmp/mark").strip()
        assert '"health": "sound"' in machine.run("cordwainer status --json")

        machine.run("echo menu >/boot/grub/grub.cfg; rm /boot/grub/cordwainer/*/i386-pc/linux.mod")
        status(machine, 3, "grub.cfg: changed by somebody else", "linux.mod: missing",
               "verify --repair")
        machine.run("cordwainer install")
        status(machine, 0)
        machine.run("dd if=/dev/zero of=/dev/vda bs=1 count=64 seek=100 conv=notrunc")
        status(machine, 3, "its boot code is not the one that was installed")
        machine.run("cordwainer install")
        machine.run("mv /boot/grub /boot/away")
        status(machine, 3, "the directory /boot/grub is missing")
        machine.run("[ ! -e /boot/grub ]; mv /boot/away /boot/grub")

        machine.run(NEXT_GENERATION)
        status(machine, 0, "Boots next: generation 1", "the system's current generation is 2")
        machine.run("cordwainer install")
        status(machine, 0, "Boots next: generation 2", "Runs now: generation 1")
        machine.run("mv /gnu/store/*/bzImage /tmp/")
        status(machine, 3, "could not be booted again", "The menu reads ")
        machine.stop()


def test_a_mirror_that_was_away(lab):
    with living.start(mirrored_image(lab), UEFI) as machine:
        status(machine, 0, "esp (/boot/efi): as installed", "esp.2 (/boot/efi2): as installed")
        machine.run("umount /boot/efi2")
        status(machine, 3, "esp.2 (/boot/efi2): is not there")
        machine.run(NEXT_GENERATION)
        machine.run("cordwainer install", status=3)
        status(machine, 3, "Boots next: generation 2", "esp.2 (/boot/efi2): is not there")
        machine.run(f"mount -t vfat $(findfs UUID={ESPS['/boot/efi2']}) /boot/efi2")
        status(machine, 3, "esp.2 (/boot/efi2): missed the last run", "`cordwainer install`")
        machine.run("cordwainer install")
        status(machine, 0, "esp.2 (/boot/efi2): as installed")
        # What `bootctl set-oneshot` does: attributes 7, then the entry's name in UTF-16.
        machine.run("cd /boot/efi/loader/entries; name=$(ls cordwainer-1-*.conf); "
                    "(printf '\\007\\000\\000\\000'; printf %s \"$name\" | sed 's/./&\\n/g' | "
                    "while read -r c; do printf '%s\\000' \"$c\"; done; printf '\\000\\000') "
                    ">/tmp/variable; cat /tmp/variable >/sys/firmware/efi/efivars/"
                    "LoaderEntryOneShot-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f")
        status(machine, 0, "Boots next: generation 1", "for one boot")
        machine.stop()


def set_numbers(machine, variable, *numbers):
    octal = "".join(f"\\{number % 256:03o}\\{number // 256:03o}" for number in numbers)
    machine.run(f"printf '\\007\\0\\0\\0{octal}' >/tmp/numbers; "
                f"dd if=/tmp/numbers of={VARIABLES}/{variable}-{GLOBAL} bs=4096")


def test_what_the_firmware_starts(lab):
    disk, variables = disk_with_esp(lab, GRUB), lab.folder / "variables"
    with living.start(disk, UEFI, variables=variables) as machine:
        machine.run(OTHERS)
        # The removable path has no entry of its own: whole disks are in the list.
        status(machine, 0, "Firmware: Boot", "  started by Boot", '"Other"')
        configure(machine, GRUB + ENTRY)
        machine.run("cordwainer install")
        [ours] = entries(machine, r"\EFI\cordwainer\grubx64.efi")
        name = f'Boot{ours:04X} "'
        status(machine, 0, f"Firmware: {name}", "is first, and starts what is installed here")
        machine.stop()
    with living.start(disk, UEFI, variables=variables) as machine:
        status(machine, 0, f"  started by {name}")
        set_numbers(machine, "BootOrder", 0x42, ours)
        set_numbers(machine, "BootNext", 0x42)
        status(machine, 0, f'Boot0042 "Other" is first, and is not cordwainer\'s; {name}',
               '  once, at the next start: Boot0042 "Other" (BootNext)')
        shown = json.loads(machine.run("cordwainer status --json"))["firmware"]
        assert (shown["first"], shown["next"], shown["current"]) == (0x42, 0x42, ours), shown
        assert shown["order"] == [0x42, ours], shown
        assert {entry["owner"] for entry in shown["entries"] if entry["number"] == ours} == {"ours"}
        machine.run(f"rm {VARIABLES}/Boot{ours:04X}-{GLOBAL}")
        status(machine, 3, "has none for EFI/cordwainer/grubx64.efi on target esp")
        machine.run("cordwainer install")
        status(machine, 0)
        machine.stop()
