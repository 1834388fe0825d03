"""Two mirrored EFI system partitions, each on a disk of its own, of which one is unplugged while a
generation is installed. Each must start the machine alone, at any time, with what it was given last.

What may go wrong: the run writes below the mount point of the disk that is away; it removes what that
disk still needs; it calls the installation complete, and never comes back to the disk; the disk that
was away has the newer menu, and is taken for the older one; a disk needs the other one to boot.

One that does not take a write in the middle of a run, or cannot be read, is like one that is away: it
must not keep the other from being completed, nor lose what it boots itself."""

import os
import re
import shutil
import struct

from harness import layouts, living, system
from harness.cpio import Archive
from harness.machine import UEFI
from harness.system import GuixGeneration
from install_test import generations, next_generation
from interrupted_test import OTHER_PACKAGE, upgrade
from systemd_boot_test import esp_offset

MIB = 1 << 20

ESPS = {"/boot/efi": "3C1A-9D52", "/boot/efi2": "4D2B-8E63"}
SYSTEMD_BOOT = ('bootloader = "systemd-boot"\n[systemd-boot]\n'
                'esp = ["/boot/efi", "/boot/efi2"]\ntimeout = 0\n')
GRUB = ('bootloader = "grub"\n[grub]\nfiles = "/boot/grub"\n'
        'esp = ["/boot/efi", "/boot/efi2"]\ntimeout = 0\n')


def mirrored_image(lab, config=SYSTEMD_BOOT, later=None):
    """A disk with both EFI system partitions, 1 and 2, and the root of a living machine, 3. The
    generation `later` is in the store only."""
    tree = lab.tree()
    living.furnish(lab, tree, mounts=[f"UUID={uuid} {place} vfat rw,umask=077 0 2"
                                      for place, uuid in ESPS.items()])
    shutil.copytree("/usr/lib/systemd/boot/efi", tree / "usr/lib/systemd/boot/efi")
    system.add_guix_generations(tree, generations(lab, 1) + ([later] if later else []), current=1)
    if later:
        link = tree / f"var/guix/profiles/system-{later.number}-link"
        link.rename(link.with_name("later"))
    system.add_config(tree, config)
    esps = "".join(layouts.ESP.replace("48MiB", "96MiB").replace("/boot/efi", place)
                   + f'file-system-uuid = "{uuid}"\n' for place, uuid in ESPS.items())
    return lab.image(layouts.image() + esps + layouts.root(tree, size="content + 96MiB"))


class Mirrored:
    """A machine whose root is on one disk and whose EFI system partitions are on two others."""

    def __init__(self, lab, config, later=None):
        whole = mirrored_image(lab, config, later)
        self.root = self._only(lab, whole, 3)
        self.esps = [self._only(lab, whole, number) for number in (1, 2)]

    @staticmethod
    def _only(lab, whole, number):
        """A disk with that partition of `whole` alone, and a table of its own."""
        disk = lab.folder / f"disk-{number}"
        lab.run("cp", "--sparse=always", whole, disk)
        for other in {1, 2, 3} - {number}:
            lab.run("sgdisk", "--delete", other, disk)
        lab.run("sgdisk", "--disk-guid=R", disk)
        return disk

    def start(self, *plugged, rules=None):
        """Starts the machine with these of its EFI system partitions, 0 and 1; firmware tries the
        one that is named first first. `rules`: a file of QEMU's blkdebug for the last of them."""
        extra = []
        for place, number in enumerate(plugged):
            node, disk = f"esp{number}", self.esps[number]
            extra += ["-blockdev", f"driver=file,node-name=file-{node},filename={disk}"]
            below = f"file-{node}"
            if rules and number == plugged[-1]:
                extra += ["-blockdev", f"driver=blkdebug,node-name=debug-{node},image={below},"
                                       f"config={rules}"]
                below = f"debug-{node}"
            extra += ["-blockdev", f"driver=raw,node-name={node},file={below}",
                      "-device", f"virtio-blk-pci,drive={node},bootindex={place + 1}"]
        return living.start(self.root, UEFI, extra=extra)


def boots(machine, number):
    assert f"try={number}" in machine.command_line.split(), machine.command_line


def status(machine, ended, *texts):
    shown = machine.run("cordwainer status", status=ended)
    for text in texts:
        assert text in shown, (text, shown)


def same_on_both(machine):
    """Both have the same files with the same content, each its own inventory."""
    listing = "find . -type f ! -name 'inventory.*' -exec md5sum {} + | sort -k 2"
    first, second = (machine.run(f"cd {place}; {listing}") for place in ESPS)
    assert first == second and "EFI/BOOT/BOOTX64.EFI" in first, (first, second)


def boots_alone(machines, esp, number):
    with machines.start(esp) as machine:
        boots(machine, number)
        machine.stop()


def is_completed(machines, number):
    """Once both are sound the next run completes the second one, which then boots alone."""
    with machines.start(0, 1) as machine:
        boots(machine, number)
        assert "failed" not in machine.run("cordwainer install")
        status(machine, 0)
        same_on_both(machine)
        assert "nothing to do" in machine.run("cordwainer install")
        machine.stop()
    boots_alone(machines, 1, number)


def test_one_is_unplugged_during_an_update(lab):
    machines = Mirrored(lab, SYSTEMD_BOOT)
    with machines.start(0, 1) as machine:
        boots(machine, 1)
        machine.run(next_generation(2))
        assert "by default 2 boots" in machine.run("cordwainer install")
        same_on_both(machine)
        machine.stop()
    with machines.start(0) as machine:
        boots(machine, 2)
        status(machine, 3, "esp (/boot/efi): as installed", "esp.2 (/boot/efi2): is not there")
        machine.run(next_generation(3))
        for done in "by default 3 boots", "nothing to do":
            printed = machine.run("cordwainer install", status=3)
            assert done in printed, printed
            assert re.search(r"target esp\.2 is not there and is left as it is: .*/boot/efi2",
                             printed), printed
            assert machine.run("ls -A /boot/efi2").strip() == ""
        status(machine, 3, "Boots next: generation 3", "esp (/boot/efi): as installed",
               "esp.2 (/boot/efi2): is not there")
        # What the disk that is away has a menu of stays.
        printed = machine.run("cordwainer delete 1", status=3)
        machine.run("test -e /var/guix/profiles/system-1-link")
        machine.stop()
    # The one that missed it, alone: its menu is the old one, complete.
    with machines.start(1) as machine:
        boots(machine, 2)
        status(machine, 3, "esp (/boot/efi): is not there")
        machine.stop()
    with machines.start(0, 1) as machine:
        boots(machine, 3)
        status(machine, 3, "esp.2 (/boot/efi2): missed the last run", "`cordwainer install`")
        machine.run("cordwainer install")
        status(machine, 0, "esp.2 (/boot/efi2): as installed")
        same_on_both(machine)
        assert "nothing to do" in machine.run("cordwainer install")
        machine.stop()
    for alone in 0, 1:
        boots_alone(machines, alone, 3)


def test_one_is_not_mounted_and_fstab_names_none(lab):
    """Only what was installed tells that the directory at its mount point is not the partition."""
    machines = Mirrored(lab, SYSTEMD_BOOT)
    away = r"the file system with UUID 4D2B-8E63, on which it was installed, is not mounted at " \
           r"/boot/efi2"
    with machines.start(0, 1) as machine:
        boots(machine, 1)
        machine.run("umount /boot/efi2; : >/etc/fstab")
        status(machine, 3, "esp.2 (/boot/efi2): is not there: " + away)
        machine.run(next_generation(2))
        assert away in machine.run("cordwainer plan")
        printed = machine.run("cordwainer install", status=3)
        assert "by default 2 boots" in printed and away in printed, printed
        assert machine.run("ls -A /boot/efi2").strip() == ""
        assert away in machine.run("cordwainer verify", status=1)
        # The other one is mounted there once more.
        machine.run("mount --bind /boot/efi /boot/efi2")
        printed = machine.run("cordwainer install", status=3)
        assert "/boot/efi is mounted there once more" in printed, printed
        machine.run("umount /boot/efi2")
        # The only one that is left goes too.
        machine.run("umount /boot/efi")
        printed = machine.run("cordwainer install", status=1)
        assert "3C1A-9D52" in printed and ": mount it, or an empty one" in printed, printed
        for place, uuid in ESPS.items():
            machine.run(f"mount -t vfat $(findfs UUID={uuid}) {place}")
        machine.run("cordwainer install")
        status(machine, 0)
        same_on_both(machine)
        machine.stop()
    boots_alone(machines, 1, 2)


def test_each_has_run_alone(lab):
    """The second is served while the first is away: then the first is the one that is behind."""
    machines = Mirrored(lab, SYSTEMD_BOOT)
    with machines.start(1) as machine:
        boots(machine, 1)
        machine.run(next_generation(2))
        assert "by default 2 boots" in machine.run("cordwainer install", status=3)
        machine.stop()
    with machines.start(0, 1) as machine:
        boots(machine, 1)
        status(machine, 3, "Boots next: generation 2", "esp (/boot/efi): missed the last run",
               "esp.2 (/boot/efi2): as installed")
        machine.run("cordwainer install")
        status(machine, 0)
        same_on_both(machine)
        machine.stop()
    boots_alone(machines, 0, 2)


def test_grub_keeps_the_modules_of_the_one_that_is_away(lab):
    """The core image on the disk that is away reads its modules and its menu on the root."""
    machines = Mirrored(lab, GRUB)
    with machines.start(0) as machine:
        machine.run(OTHER_PACKAGE.replace("i386-pc", "x86_64-efi"))
        machine.run(next_generation(2))
        printed = machine.run(upgrade(1), status=3)
        assert "by default 2 boots" in printed, printed
        assert machine.run("ls -d /boot/grub/cordwainer/*/ | wc -l").strip() == "2"
        machine.stop()
    boots_alone(machines, 1, 1)
    with machines.start(0, 1) as machine:
        boots(machine, 2)
        machine.run(upgrade(1))
        assert machine.run("ls -d /boot/grub/cordwainer/*/ | wc -l").strip() == "1"
        same_on_both(machine)
        machine.stop()
    boots_alone(machines, 1, 2)


def failing_data(lab, disk, used):
    """Rules of blkdebug by which one sector of each MiB beyond the first `used` of the partition
    cannot be written."""
    first = esp_offset(lab, disk) // MIB + used
    rules = lab.folder / "rules"
    rules.write_text("".join(
        '[inject-error]\nevent = "pwritev"\niotype = "write"\nerrno = "5"\n'
        f'sector = "{mib * 2048}"\n'
        for mib in range(first, disk.stat().st_size // MIB)))
    return rules


def test_one_fails_in_the_middle(lab):
    padding = Archive()
    padding.add("padding", os.urandom(4 * MIB))
    first = generations(lab, 1)[0]
    later = GuixGeneration(2, first.kernel, first.initrd + padding.bytes(), "Living, try 2",
                           ["console=ttyS0", "quiet", "try=2"])
    machines = Mirrored(lab, SYSTEMD_BOOT, later)
    used = (len(first.kernel) + len(first.initrd)) // MIB + 2
    rules = failing_data(lab, machines.esps[1], used)
    with machines.start(0, 1, rules=rules) as machine:
        boots(machine, 1)
        assert "nothing to do" in machine.run("cordwainer install")
        machine.run("cd /var/guix/profiles; mv later system-2-link; ln -sfn system-2-link system")
        printed = machine.run("cordwainer install", status=3)
        assert re.search(r"target esp\.2 failed and is left as it is: .*Input/output error",
                         printed), printed
        assert "by default 2 boots" in printed, printed
        status(machine, 3, "Boots next: generation 2", "esp (/boot/efi): as installed",
               "esp.2 (/boot/efi2): ")
        machine.stop()
    boots_alone(machines, 1, 1)
    with machines.start(0, 1, rules=rules) as machine:
        boots(machine, 2)
        # What its menu has may be needed there.
        printed = machine.run("cordwainer delete 1", status=3)
        assert "target esp.2 failed, and its menu may have them" in printed, printed
        machine.run("test -e /var/guix/profiles/system-1-link")
        machine.stop()
    is_completed(machines, 2)


def unreadable(lab, disk, files):
    """Rules of blkdebug by which these files of the partition cannot be read."""
    first = esp_offset(lab, disk)
    with open(disk, "rb") as file:
        file.seek(first)
        head = file.read(64)
    # Microsoft's specification of FAT, "Boot Sector and BPB": BPB_SecPerClus to BPB_RootEntCnt,
    # BPB_FATSz16 and BPB_FATSz32.
    per_cluster, reserved, tables, root = struct.unpack_from("<BHBH", head, 13)
    short, long = struct.unpack_from("<H", head, 22)[0], struct.unpack_from("<I", head, 36)[0]
    data = first // 512 + reserved + tables * (short or long) + root * 32 // 512
    rules = ""
    chains = lab.run("mshowfat", "-i", f"{disk}@@{first}", f"::{files}")
    for run in ",".join(re.findall(r"<(.*?)>", chains)).split(","):
        begin, _, end = run.partition("-")
        for cluster in range(int(begin), int(end or begin) + 1):
            rules += ('[inject-error]\nevent = "none"\niotype = "read"\nerrno = "5"\n'
                      f'sector = "{data + (cluster - 2) * per_cluster}"\n')
    path = lab.folder / "rules"
    path.write_text(rules)
    return path


def test_one_cannot_be_looked_at(lab):
    machines = Mirrored(lab, SYSTEMD_BOOT)
    rules = unreadable(lab, machines.esps[1], "EFI/cordwainer/inventory.*")
    with machines.start(0, 1, rules=rules) as machine:
        boots(machine, 1)
        for prepared, installs in ("true", "nothing to do"), (next_generation(2), "by default 2"):
            machine.run(prepared)
            printed = machine.run("cordwainer plan")
            assert re.search(r"target esp\.2 fails and would be left as it is: .*Input/output error",
                             printed), printed
            assert "removed" not in printed or "0 B removed" in printed, printed
            printed = machine.run("cordwainer install", status=3)
            assert installs in printed, printed
            assert re.search(r"target esp\.2 failed and is left as it is: .*Input/output error",
                             printed), printed
            status(machine, 3, "esp (/boot/efi): as installed", "esp.2 (/boot/efi2): damaged: ")
            printed = machine.run("cordwainer verify", status=1)
            assert re.search(r"esp: \d+ files, .*, as they were written", printed), printed
            assert re.search(r"target esp\.2 cannot be read: .*Input/output error", printed), printed
        machine.stop()
    boots_alone(machines, 1, 1)
    is_completed(machines, 2)
