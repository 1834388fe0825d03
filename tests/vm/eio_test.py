"""Disks that fail: a write or a read ends with EIO in the middle of an installation. The run says what
failed and changes nothing that boots; on the healthy disk the next one completes it.

A sector fails by QEMU's blkdebug, a volume at any moment by the device mapper's target `error`."""

import re
import subprocess

from firmware_test import GRUB
from harness import layouts, living, system
from harness.machine import BIOS, UEFI
from install_test import CONFIG, bios_disk, generations, next_generation
from interrupted_test import OTHER_PACKAGE, upgrade
from switch_test import disk_with_esp

BIOS_BOOT_HALF = 2048 + 1024  # the first sector of the second half of layouts.BIOS_BOOT


def failing(disk, sector):
    """QEMU's options for a disk of which one sector cannot be written."""
    return ["-blockdev", f"driver=file,node-name=f0,filename={disk}",
            "-blockdev", f"driver=blkdebug,node-name=b0,image=f0,inject-error.0.event=pwritev,"
                         f"inject-error.0.iotype=write,inject-error.0.errno=5,"
                         f"inject-error.0.sector={sector}",
            "-blockdev", "driver=raw,node-name=r0,file=b0",
            "-device", "virtio-blk-pci,drive=r0,bootindex=0"]


def unwritable_boot_code(lab, sector, place):
    disk = bios_disk(lab)
    with living.start(None, BIOS, extra=failing(disk, sector)) as machine:
        machine.run(OTHER_PACKAGE)
        machine.run(next_generation(2))
        before = machine.run("dd if=/dev/vda bs=512 count=1 2>/dev/null | md5sum")
        printed = machine.run(upgrade(1), status=3)
        assert re.search(rf"write the boot {place}.*Input/output error", printed), printed
        assert before == machine.run("dd if=/dev/vda bs=512 count=1 2>/dev/null | md5sum")
        machine.stop()
    with living.start(disk, BIOS) as machine:
        assert "try=1" in machine.command_line, machine.command_line
        assert "is installed" in machine.run(upgrade(1))
        assert "nothing to do" in machine.run(upgrade(1))
        assert "as they were written" in machine.run("cordwainer verify --config /etc/two.toml")
        assert machine.run("ls -d /boot/grub/cordwainer/*/ | wc -l").strip() == "1"
        machine.stop()
    with living.start(disk, BIOS) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        machine.stop()


def test_a_core_image_that_cannot_be_written(lab):
    unwritable_boot_code(lab, BIOS_BOOT_HALF, "image at LBA")


def test_a_boot_sector_that_cannot_be_written(lab):
    unwritable_boot_code(lab, 0, "sector")


def become(machine, table):
    """Gives the volume of the device mapper another table; what is cached of it is forgotten."""
    machine.run("/sbin/dmsetup suspend --noflush --nolockfs more && "
                f"/sbin/dmsetup reload more --table '{table}' && "
                "/sbin/dmsetup resume --noudevsync more; echo 3 >/proc/sys/vm/drop_caches")


def test_a_kernel_that_cannot_be_read(lab):
    """It lies on a disk of its own, which fails after the kernel was put there."""
    tree = lab.tree()
    living.furnish(lab, tree, programs=["/sbin/dmsetup"])
    system.add_guix_generations(tree, generations(lab, 1))
    system.add_config(tree, CONFIG + "copy-kernels = true\n")
    disk = lab.image(layouts.image() + layouts.BIOS_BOOT
                     + layouts.root(tree, size="content + 64MiB"))
    store = lab.folder / "store"
    kernel = lab.folder / "kernels/abc-linux/bzImage"
    kernel.parent.mkdir(parents=True)
    kernel.write_bytes(living.linux(lab))
    lab.run("truncate", "--size=64M", store)
    lab.run("mke2fs", "-q", "-t", "ext4", "-d", lab.folder / "kernels", store)
    extra = ["-drive", f"if=none,id=store,format=raw,file={store}",
             "-device", "virtio-blk-pci,drive=store"]
    with living.start(disk, BIOS, extra=extra) as machine:
        sectors = int(machine.run("cat /sys/class/block/vdb/size").split()[-1])
        machine.run("/sbin/dmsetup create --noudevsync more "
                    f"--table '0 {sectors} linear /dev/vdb 0'; "
                    "mkdir /gnu/more && mount -t ext4 /dev/dm-0 /gnu/more")
        machine.run(next_generation(2))
        machine.run("cd /var/guix/profiles; sed -i "
                    "'s#(kernel \"[^\"]*\")#(kernel \"/gnu/more/abc-linux/bzImage\")#' "
                    "$(readlink system-2-link)/parameters")
        menu = machine.run("md5sum /boot/grub/cordwainer/*/grub.cfg")
        become(machine, f"0 {sectors} error")
        printed = machine.run("cordwainer install", status=1)
        assert re.search(r"/gnu/more/abc-linux.*Input/output error", printed), printed
        assert menu == machine.run("md5sum /boot/grub/cordwainer/*/grub.cfg")
        become(machine, f"0 {sectors} linear /dev/vdb 0")
        machine.run("umount /gnu/more; mount -t ext4 /dev/dm-0 /gnu/more")
        assert "by default 2 boots" in machine.run("cordwainer install")
        machine.stop()


def lose_first_cluster(disk, directory):
    """Of a directory on the disk's first partition, as a cut leaves it that keeps the way to it."""
    at = 1 << 20
    places = subprocess.run(["mshowfat", "-i", f"{disk}@@{at}", f"::/{directory}"], check=True,
                            capture_output=True, text=True).stdout
    cluster = int(re.search(r"<(\d+)", places).group(1))
    with open(disk, "r+b") as file:
        file.seek(at)
        start = file.read(512)
        sectors, reserved, tables, length = (start[13], int.from_bytes(start[14:16], "little"),
                                             start[16], int.from_bytes(start[36:40], "little"))
        assert length and not start[22:24].strip(b"\0"), "this is no FAT32"
        file.seek(at + 512 * (reserved + tables * length + (cluster - 2) * sectors))
        assert file.read(1) == b"."
        file.seek(-1, 1)
        file.write(bytes(512 * sectors))


def test_a_directory_that_a_power_cut_left_half_made(lab):
    """Linux cannot read it, and then writes nothing to that file system any more."""
    disk = disk_with_esp(lab, GRUB, programs=["/sbin/fsck.fat"])
    with living.start(disk, UEFI) as machine:
        machine.run("rm -r /boot/efi/EFI/cordwainer; mkdir /boot/efi/EFI/cordwainer")
        machine.stop()
    lose_first_cluster(disk, "EFI/cordwainer")
    with living.start(disk, UEFI) as machine:
        machine.run(next_generation(2))
        machine.run("cordwainer install >/tmp/said 2>&1; ended=$?; cat /tmp/said; "
                    "[ $ended != 0 ] && grep -q 'unmount the file system of /boot/efi, "
                    "run \"fsck.fat -a\" on it' /tmp/said")
        machine.run("umount /boot/efi; for _ in 1 2 3 4 5 6; do /sbin/fsck.fat -a /dev/vda1 && break; "
                    "done && mount -t vfat -o umask=077 /dev/vda1 /boot/efi")
        assert "by default 2 boots" in machine.run("cordwainer install")
        machine.run("cordwainer status")
        machine.stop()
