"""Disks that fail: a write or a read ends with EIO in the middle of an installation. The run says what
failed and changes nothing that boots; on the healthy disk the next one completes it.

A sector fails by QEMU's blkdebug."""

import re

from harness import living
from harness.machine import BIOS
from install_test import bios_disk, next_generation
from interrupted_test import OTHER_PACKAGE, upgrade

BIOS_BOOT_HALF = 2048 + 1024  # the first sector of the second half of layouts.BIOS_BOOT


def failing(disk, event, sector):
    """QEMU's options for a disk of which one sector cannot be read or written."""
    return ["-blockdev", f"driver=file,node-name=f0,filename={disk}",
            "-blockdev", f"driver=blkdebug,node-name=b0,image=f0,inject-error.0.event={event},"
                         f"inject-error.0.errno=5,inject-error.0.sector={sector}",
            "-blockdev", "driver=raw,node-name=r0,file=b0",
            "-device", "virtio-blk-pci,drive=r0,bootindex=0"]


def unwritable_boot_code(lab, sector, place):
    disk = bios_disk(lab)
    with living.start(None, BIOS, extra=failing(disk, "pwritev", sector)) as machine:
        machine.run(OTHER_PACKAGE)
        machine.run(next_generation(2))
        before = machine.run("dd if=/dev/vda bs=512 count=1 | md5sum")
        printed = machine.run(upgrade(1), status=3)
        assert re.search(rf"write the boot {place}.*Input/output error", printed), printed
        assert before == machine.run("dd if=/dev/vda bs=512 count=1 | md5sum")
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
