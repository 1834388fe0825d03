"""A boot volume that is a logical volume on a mirrored array of two disks, as the kernel's md and
device mapper have it: each disk must start the machine alone.

What may go wrong: the boot code goes to the array instead of its disks, or to one of them; GRUB's
core has not what reads the array or the volume, or looks for it by a name that it does not have when
a disk is missing; GRUB is given blocks of the volume as if they were the disk's."""

import json

from harness import layouts, living, system
from harness.machine import BIOS
from install_test import CONFIG, generations, next_generation

MODULES = ("md-mod", "raid1", "dm-mod")
PROGRAMS = ("/sbin/mdadm", "/sbin/lvm", "/sbin/mkfs.ext4")
# Of the partition tables: which disk has which name is another matter at every start here.
TABLES = ("6d2f0c1e-58b7-4c3a-9a41-2f0e7d9b6c10", "b84e1f3a-07c9-4d52-8e6b-91a3c5d7e020")
ARRAY_CONFIG = CONFIG.replace('"/boot/grub"', '"/array/grub"').replace(
    '"/dev/vda"', json.dumps(TABLES))
# No udev runs in the machine.
LVM = ("export PATH=$PATH:/sbin MDADM_NO_UDEV=1 DM_DISABLE_UDEV=1; lvm() { command lvm \"$@\" --config "
       "'devices {use_devicesfile=0 obtain_device_list_from_udev=0} "
       "activation {udev_sync=0 udev_rules=0} backup {backup=0 archive=0}'; }; ")
MAKE = LVM + """
set -e
yes | mdadm --create /dev/md0 --level=1 --raid-devices=2 --metadata=1.2 /dev/vdb2 /dev/vdc2
lvm pvcreate -y /dev/md0
lvm vgcreate boot /dev/md0
lvm lvcreate -y -Zn -Wn -n files -l 100%FREE boot
mkfs.ext4 -q /dev/mapper/boot-files
mkdir -p /array
mount /dev/mapper/boot-files /array
"""
ASSEMBLE = LVM + """
set -e
mdadm --assemble --run /dev/md0 /dev/vda2 /dev/vdc2
lvm vgchange -a y boot
mount /dev/mapper/boot-files /array
"""


def member(lab, table):
    """An empty disk, for GRUB's core and one half of an array."""
    disk = lab.folder / table
    with open(disk, "wb") as file:
        file.truncate(256 << 20)
    lab.run("sgdisk", "--new=1:2048:4095", "--typecode=1:ef02", "--new=2:4096:0",
            "--typecode=2:fd00", f"--disk-guid={table}", disk)
    return disk


def start(*disks):
    """Starts the machine from the first of these disks; they are vda, vdb and so on."""
    # GRUB looks for the array's parts on every drive, and complains of one that has no medium.
    extra = ["-nodefaults"]
    for place, disk in enumerate(disks[1:], 1):
        extra += ["-drive", f"if=none,id=disk{place},format=raw,file={disk}",
                  "-device", f"virtio-blk-pci,drive=disk{place}"]
    return living.start(disks[0], BIOS, extra=extra)


def boots_alone(disk, root, number):
    with start(disk, root) as machine:
        assert f"try={number}" in machine.command_line.split(), machine.command_line
        machine.stop()


def test_a_logical_volume_on_mirrored_disks(lab):
    tree = lab.tree()
    living.furnish(lab, tree, programs=PROGRAMS)
    system.add_guix_generations(tree, generations(lab, 1, file_systems=MODULES))
    system.add_config(tree, CONFIG)
    root = lab.image(layouts.image() + layouts.BIOS_BOOT
                     + layouts.root(tree, size="content + 64MiB"))
    disks = [member(lab, table) for table in TABLES]

    with start(root, *disks) as machine:
        machine.run(MAKE)
        machine.run(f"cat >/etc/cordwainer/config.toml <<'END'\n{ARRAY_CONFIG}END")
        printed = machine.run("cordwainer install")
        assert "by default 1 boots" in printed, printed
        assert "nothing to do" in machine.run("cordwainer install")
        shown = machine.run("cordwainer status", status=3)
        assert "former.2 (/dev/vda): of an earlier installation, left as it is" in shown, shown
        assert "cordwainer install --forget /dev/vda" in shown, shown
        machine.run("cordwainer install --forget /dev/vda")
        machine.run("cordwainer status")
        assert "as they were written" in machine.run("cordwainer verify")
        machine.run("umount /array")
        machine.stop()
    for disk in disks:
        boots_alone(disk, root, 1)

    with start(disks[0], root, disks[1]) as machine:
        machine.run(ASSEMBLE)
        machine.run(next_generation(2))
        printed = machine.run("cordwainer install")
        assert "by default 2 boots" in printed, printed
        assert "nothing to do" in machine.run("cordwainer install")
        machine.run("umount /array")
        machine.stop()
    for disk in disks:
        boots_alone(disk, root, 2)
