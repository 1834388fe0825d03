"""A living machine is asked what boots next, and whether all is as it was installed."""

import shutil

from harness import layouts, living, system
from harness.machine import UEFI
from install_test import NEXT_GENERATION, bios_disk, generations

ESPS = {"/boot/efi": "3C1A-9D52", "/boot/efi2": "4D2B-8E63"}


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
        status(machine, 0, "Boots next: generation 1", "now that is 2")
        machine.run("cordwainer install")
        status(machine, 0, "Boots next: generation 2", "Runs now: generation 1")
        machine.run("mv /gnu/store/*/bzImage /tmp/")
        status(machine, 3, "could not be booted again", "The menu reads ")
        machine.stop()


def test_a_mirror_that_was_away(lab):
    tree = lab.tree()
    living.furnish(lab, tree, mounts=[f"UUID={uuid} {place} vfat rw,umask=077 0 2"
                                      for place, uuid in ESPS.items()])
    shutil.copytree("/usr/lib/systemd/boot/efi", tree / "usr/lib/systemd/boot/efi")
    system.add_guix_generations(tree, generations(lab, 1))
    system.add_config(tree, 'bootloader = "systemd-boot"\n[systemd-boot]\n'
                            'esp = ["/boot/efi", "/boot/efi2"]\ntimeout = 0\n')
    esps = "".join(layouts.ESP.replace("48MiB", "96MiB").replace("/boot/efi", place)
                   + f'file-system-uuid = "{uuid}"\n' for place, uuid in ESPS.items())
    disk = lab.image(layouts.image() + esps + layouts.root(tree, size="content + 64MiB"))
    with living.start(disk, UEFI) as machine:
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
